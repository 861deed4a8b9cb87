import { join } from 'node:path';
import { Pool } from 'pg';
import sqlite3 from 'sqlite3';
import { Database } from '../../src/platform/database/database';
import { WritingConnection } from '../../src/platform/database/connection';
import { PostgresWriter } from '../../src/platform/database/postgres-connection';
import { SqliteConnection } from '../../src/platform/database/sqlite-connection';
import { Bookshelf } from '../support/bookshelf';
import { databaseIn, isOnPostgres, itOnSqlite } from '../support/database';
import { bookRequest } from '../support/client';
import { Do, DoHandler } from '../support/handlers';
import { dataSource, keepNotes, noted, notes } from '../support/notes';

/** Another program that opens the shop's database. */
class Neighbour {
  private constructor(
    readonly connection: WritingConnection,
    readonly close: () => Promise<unknown>,
  ) {}

  static async of(shop: Bookshelf): Promise<Neighbour> {
    if (isOnPostgres()) {
      const pool = new Pool({ connectionString: databaseIn(shop.folder) });
      const connection = new PostgresWriter(pool);
      return new Neighbour(connection, () => connection.release().then(() => pool.end()));
    }
    const database = new sqlite3.Database(join(shop.folder, 'shop.db'));
    const connection = new SqliteConnection(database);
    return new Neighbour(connection, () => connection.close());
  }
}

describe('Answered means stored', () => {
  let shop: Bookshelf;
  let neighbour: Neighbour;

  beforeAll(async () => {
    shop = await Bookshelf.start({ providers: [DoHandler] });
    await keepNotes(shop);
    neighbour = await Neighbour.of(shop);
  });
  afterAll(async () => {
    await neighbour.close();
    await shop.close();
  });

  const within = <T>(work: () => Promise<T>): Promise<T> => shop.send<T>(new Do(work));
  const post = (title: string) => shop.http().post('/books').send(bookRequest(title));
  const titlesInFile = async () =>
    (await neighbour.connection.all<{ title: string }>('SELECT title FROM catalog_book')).map(({ title }) => title);
  const refused = (answers: PromiseSettledResult<unknown>[]) => answers.map(({ status }) => status === 'rejected');

  it('an answer carries the position of the event that it caused', async () => {
    const { headers, body } = await post('Emma').expect(201);
    const [event] = await neighbour.connection.all<{ position: number; stream: string }>(
      `SELECT position, stream FROM event_log WHERE type = 'catalog.book-added' ORDER BY position DESC LIMIT 1`,
    );
    expect(event.stream).toBe(`catalog.book/${(body as { id: string }).id}`);
    expect(headers['event-position']).toBe(String(event.position));
  });

  it('what is answered is there for whoever opens the file, whatever else is under way', async () => {
    const titles = Array.from({ length: 30 }, (_, at) => `Book ${at}`);
    await Promise.all(
      titles.map(async (title) => {
        const { headers, body } = await post(title).expect(201);
        // One statement, so that nothing can come in between.
        const [found] = await neighbour.connection.all<{ title: string; position: number }>(
          `SELECT title, (SELECT max(position) FROM event_log WHERE stream = 'catalog.book/' || catalog_book.id) AS position
             FROM catalog_book WHERE id = $1`,
          [(body as { id: string }).id],
        );
        expect(found?.title).toBe(title);
        expect(Number(headers['event-position'])).toBeGreaterThanOrEqual(found.position);
      }),
    );
  });

  it('a read carries no position, as nothing was stored', async () => {
    const { headers } = await shop.http().get('/books').expect(200);
    expect(headers['event-position']).toBeUndefined();
  });

  describe('when the commit fails', () => {
    beforeAll(() =>
      within(async () => {
        // A foreign key that is looked at only when the transaction is committed.
        await dataSource(shop).query(`CREATE TABLE footnote (
          id text PRIMARY KEY NOT NULL,
          note text NOT NULL REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED
        )`);
      }),
    );

    const footnote = (text: string) =>
      within(async () => {
        await notes(shop).insert({ id: text, text });
        await dataSource(shop).query(`INSERT INTO footnote VALUES ('${text}', 'no such note')`);
        return 'stored';
      });
    const note = (text: string) =>
      within(async () => {
        await notes(shop).insert({ id: text, text });
        return 'stored';
      });

    it('nobody is told that it was stored', async () => {
      const answers = await Promise.allSettled(['a', 'b', 'c'].map(footnote));
      expect(refused(answers)).toEqual([true, true, true]);
      expect((answers[0] as PromiseRejectedResult).reason).toMatchObject({
        sql: expect.stringContaining('COMMIT') as unknown,
        message: expect.stringMatching(/foreign key/i) as unknown,
      });
      expect(await noted(shop)).toEqual([]);
    });

    it('only those are refused on whose account it fails', async () => {
      const answers = await Promise.allSettled([note('d'), footnote('e'), note('f')]);
      expect(refused(answers)).toEqual([false, true, false]);
      expect(await noted(shop)).toEqual(['d', 'f']);
    });
  });

  it('while another program is writing, everybody is refused, and nothing is stored later', async () => {
    const { writer } = shop.get(Database);
    await writer.exec(isOnPostgres() ? 'SET lock_timeout = 50' : 'PRAGMA busy_timeout = 50');
    await neighbour.connection.begin();
    const answers = await Promise.all(['one', 'two', 'three'].map((title) => post(title)));
    await neighbour.connection.commit();
    await writer.exec(isOnPostgres() ? 'SET lock_timeout = 5000' : 'PRAGMA busy_timeout = 5000');

    for (const { status, headers } of answers) {
      expect(status).toBeGreaterThanOrEqual(500);
      expect(headers['event-position']).toBeUndefined();
    }
    await post('four').expect(201);
    const titles = await titlesInFile();
    expect(titles).toContain('four');
    for (const title of ['one', 'two', 'three']) expect(titles).not.toContain(title);
  });

  itOnSqlite(
    'when the disk is full everybody is refused, nothing is stored, and the shop goes on when there is room',
    async () => {
      await shop.settle();
      const { writer } = shop.get(Database);
      const before = await titlesInFile();
      const [{ page_count: pages }] = await writer.all<{ page_count: number }>('PRAGMA page_count');
      await writer.exec(`PRAGMA max_page_count = ${pages}`);
      const long = 'a long description '.repeat(250);
      const crowd = Array.from({ length: 20 }, (_, at) => ({ ...bookRequest(`Full ${at}`), description: long }));
      const answers = await Promise.all(crowd.map((book) => shop.http().post('/books').send(book)));
      expect(answers.filter(({ status }) => status < 500)).toEqual([]);
      expect(await titlesInFile()).toEqual(before);

      await writer.exec('PRAGMA max_page_count = 1000000');
      await post('Room again').expect(201);
      expect(await titlesInFile()).toEqual([...before, 'Room again']);
    },
  );
});

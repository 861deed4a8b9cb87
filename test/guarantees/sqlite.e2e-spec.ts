import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { CatalogModule } from '../../src/catalog/catalog.module';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import * as inventoryEvents from '../../src/inventory/inventory.events';
import { Database } from '../../src/platform/database/database';
import { databaseOptions } from '../../src/platform/database/database.options';
import { ReadDatabase } from '../../src/platform/database/read-database';
import { DatabaseError } from '../../src/platform/database/connection';
import { openWriter, writerOf } from '../../src/platform/database/sources';
import { SqliteConnection } from '../../src/platform/database/sqlite-connection';
import { assertSettings } from '../../src/platform/database/sqlite-source';
import { Environment } from '../../src/platform/environment';
import { publishes } from '../../src/platform/event-log/event-types';
import { PlatformModule } from '../../src/platform/platform.module';
import { ReactionStatuses } from '../../src/platform/reactions/reaction-status';
import { Bookshelf } from '../support/bookshelf';
import { aBook, Do, DoHandler } from '../support/handlers';
import { keepNotes, notes } from '../support/notes';

const UNITS = 50;

const optionsFor = (folder: string) =>
  databaseOptions(new Environment({ DATABASE_URL: `sqlite:${join(folder, 'shop.db')}` }));

describe('SQLite as the guarantees need it', () => {
  let shop: Bookshelf;

  beforeAll(async () => {
    shop = await Bookshelf.start({ providers: [DoHandler] });
    await keepNotes(shop);
  });
  afterAll(() => shop.close());

  describe('settings', () => {
    it.each([
      ['journal_mode', 'wal'],
      ['synchronous', 2],
      ['foreign_keys', 1],
      ['busy_timeout', 5000],
    ])('the connection that writes has %s = %s', async (name, value) => {
      const [row] = await shop.get(Database).writer.all<Record<string, unknown>>(`PRAGMA ${name}`);
      expect(Object.values(row)).toEqual([value]);
    });

    it.each([
      ['journal_mode', 'DELETE', "SQLite's journal_mode must be wal, but it is delete"],
      ['synchronous', 'OFF', "SQLite's synchronous must be 2, but it is 0"],
      ['synchronous', 'NORMAL', "SQLite's synchronous must be 2, but it is 1"],
      ['foreign_keys', 'OFF', "SQLite's foreign_keys must be 1, but it is 0"],
      ['busy_timeout', '0', "SQLite's busy_timeout must be 5000, but it is 0"],
    ])('a connection whose %s is %s is refused', async (name, value, message) => {
      const folder = await mkdtemp(join(tmpdir(), 'bookshelf-'));
      const source = await openWriter(optionsFor(folder));
      const connection = writerOf(source);
      await assertSettings(connection);
      await connection.exec(`PRAGMA ${name} = ${value}`);
      await expect(assertSettings(connection)).rejects.toThrow(message);
      await connection.release();
      await source.destroy();
      await rm(folder, { recursive: true, force: true });
    });

    describe('the start is refused', () => {
      let folder: string;
      beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'bookshelf-'))));
      afterEach(() => rm(folder, { recursive: true, force: true }));

      it('on a file system without shared memory, where WAL cannot be had', async () => {
        const withoutSharedMemory = {
          ...optionsFor(folder),
          database: `file:${join(folder, 'shop.db')}?vfs=unix-dotfile`,
          flags: sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE | sqlite3.OPEN_URI,
        };
        await expect(openWriter(withoutSharedMemory)).rejects.toThrow(
          "SQLite's journal_mode must be wal, but it is delete",
        );
      });

      it('on a file that is no database, and at once', async () => {
        await expect(Bookshelf.start({ environment: { DATABASE_URL: `sqlite:${__filename}` } })).rejects.toThrow(
          'file is not a database',
        );
      }, 5_000);

      it('on a database in memory, which two connections cannot share', async () => {
        await expect(Bookshelf.start({ environment: { DATABASE_URL: 'sqlite::memory:' } })).rejects.toThrow(
          'DATABASE_URL must be sqlite:<file>',
        );
      });
    });

    it('a connection is opened beside a program that is writing, as long as there is nothing to bring up to date', async () => {
      const writing = new sqlite3.Database(join(shop.folder, 'shop.db'));
      const exec = (sql: string) =>
        new Promise<void>((resolve, reject) => writing.exec(sql, (error) => (error ? reject(error) : resolve())));
      await exec('BEGIN IMMEDIATE');
      const source = await openWriter(optionsFor(shop.folder));
      await source.destroy();
      await exec('ROLLBACK');
      await new Promise((resolve) => writing.close(resolve));
    });

    it('a shop starts although others write to the file all the time', async () => {
      const { run } = SqliteConnection.prototype;
      let refusals = 0;
      jest.spyOn(SqliteConnection.prototype, 'run').mockImplementation(function (this: SqliteConnection, ...args) {
        if (args[0] !== 'BEGIN IMMEDIATE' || ++refusals > 3) return run.apply(this, args);
        return Promise.reject(new DatabaseError('SQLITE_BUSY', 'SQLITE_BUSY: database is locked', args[0]));
      });
      const other = await Bookshelf.start();
      jest.restoreAllMocks();
      await other.close();
      expect(refusals).toBeGreaterThan(3);
    });

    it('two shops that are opened on one new file at the same moment both start', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bookshelf-'));
      const shops = await Promise.all([1, 2, 3].map(() => Bookshelf.start({ folder })));
      for (const one of shops) await one.stop();
      await rm(folder, { recursive: true, force: true });
    });
  });

  describe('the connection that reads', () => {
    it.each([
      `INSERT INTO note VALUES ('1', 'one')`,
      'DELETE FROM event_log',
      'CREATE TABLE scribble (id text)',
      'PRAGMA user_version = 7',
    ])('cannot do %s', async (sql) => {
      await expect(shop.get(ReadDatabase).all(sql)).rejects.toThrow('attempt to write a readonly database');
    });

    it('sees nothing of a unit of work until it is done', async () => {
      await shop.send(
        new Do(async () => {
          await notes(shop).insert({ id: 'unseen', text: 'unseen' });
          expect(await notes(shop).count()).toBe(1);
          expect(await shop.rows('SELECT * FROM note')).toEqual([]);
        }),
      );
      expect(await shop.rows('SELECT * FROM note')).toHaveLength(1);
    });
  });
});

describe(`${UNITS} overlapping units of work, half of them failing late`, () => {
  let shop: Bookshelf;

  beforeAll(async () => {
    // One context and its one reaction: all that overlaps here is meant to.
    shop = await Bookshelf.start({
      modules: [PlatformModule, CatalogModule],
      providers: [DoHandler, publishes(inventoryEvents)],
    });
    await shop.until('the shop is idle', async () => {
      const statuses = await shop.get(ReactionStatuses).all();
      return statuses.every(({ state }) => state === 'idle');
    });
    await keepNotes(shop);
  });
  afterAll(() => shop.close());

  /** What one unit of work stores: two books with their events, and a note written past the unit of work. */
  interface Unit {
    readonly name: string;
    readonly fails: boolean;
    /** Known when the handler has come so far; made anew if the handler is run again. */
    ids: string[];
    answered?: 'acknowledged' | 'refused';
  }

  const units: Unit[] = Array.from({ length: UNITS }, (_, at) => ({
    name: `unit ${String(at).padStart(2, '0')}`,
    fails: at % 2 === 1,
    ids: [],
  }));
  /** What readers saw that nobody may ever see, in words. */
  const sightings = new Set<string>();
  let looks = 0;

  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  async function work(unit: Unit): Promise<void> {
    const books = [aBook(unit.name), aBook(unit.name)];
    for (const book of books) {
      await shop.get(BookRepository).save(book);
      book.commit();
    }
    unit.ids = books.map(({ id }) => id);
    // Sends what is pending: from here on the rows are in the database, and not committed.
    await notes(shop).insert({ id: unit.name, text: unit.name });
    for (let yields = 0; yields < 5; yields++) await turn();
    if (unit.fails) throw new Error(`${unit.name} changed its mind`);
  }

  /** Everything of each unit that anybody can read, in one statement and so in one snapshot. */
  const visible = () =>
    shop.rows<{ name: string; books: number; events: number; notes: number }>(
      `SELECT name, sum(kind = 'book') AS books, sum(kind = 'event') AS events, sum(kind = 'note') AS notes FROM (
         SELECT title AS name, 'book' AS kind FROM catalog_book
         UNION ALL SELECT facts ->> 'title', 'event' FROM event_log WHERE type = 'catalog.book-added'
         UNION ALL SELECT text, 'note' FROM note
       ) WHERE name LIKE 'unit %' GROUP BY name ORDER BY name`,
    );

  /** Whatever anybody sees is a whole unit of work, of those that do not fail. */
  async function lookAround(): Promise<void> {
    for (const { name, books, events, notes } of await visible()) {
      const unit = units.find((one) => one.name === name)!;
      if (unit.fails) sightings.add(`${name} failed, and yet ${books} books and ${notes} notes of it were seen`);
      else if (books !== 2 || events !== 2 || notes !== 1)
        sightings.add(`of ${name} ${books} books, ${events} events and ${notes} notes were seen: not the whole`);
    }
    looks++;
  }

  /** The same over HTTP: no book of a unit that fails is ever found. */
  async function visit(): Promise<void> {
    const known = units.filter(({ ids }) => ids.length);
    const unit = known[looks % (known.length || 1)];
    if (!unit) return;
    const [id] = unit.ids;
    const { status } = await shop.http().get(`/books/${id}`);
    if (status === 200 && unit.fails) sightings.add(`${unit.name} failed, and yet GET /books/:id has found its book`);
    const acknowledged = unit.answered === 'acknowledged' && unit.ids[0] === id;
    if (status !== 200 && acknowledged && (await shop.http().get(`/books/${id}`)).status !== 200) {
      sightings.add(`${unit.name} was acknowledged, and yet GET /books/:id has not found its book`);
    }
  }

  beforeAll(async () => {
    let under = true;
    const watch = async (look: () => Promise<void>) => {
      while (under) {
        await look();
        await turn();
      }
    };
    const watchers = [watch(lookAround), watch(visit), watch(visit)];
    await Promise.all(
      units.map(async (unit, at) => {
        // Each begins when some of those before it are in the middle.
        for (let wait = 0; wait < at; wait++) await turn();
        unit.answered = await shop.send(new Do(() => work(unit))).then(
          () => 'acknowledged' as const,
          () => 'refused' as const,
        );
      }),
    );
    under = false;
    await Promise.all(watchers);
    await lookAround();
  });

  it('those that fail are refused, and no other', () => {
    const wrong = units.filter(({ fails, answered }) => answered !== (fails ? 'refused' : 'acknowledged'));
    expect(wrong.map(({ name, answered }) => `${name} was ${answered}`)).toEqual([]);
  });

  it('nothing acknowledged is lost', async () => {
    const whole = (await visible()).filter(({ books, events, notes }) => books === 2 && events === 2 && notes === 1);
    const kept = new Set(whole.map(({ name }) => name));
    const lost = units.filter(({ name, answered }) => answered === 'acknowledged' && !kept.has(name));
    expect(lost.map(({ name }) => `${name} was acknowledged and is not there, or not whole`)).toEqual([]);
  });

  it('nothing refused is kept', async () => {
    const there = new Map((await visible()).map((seen) => [seen.name, seen]));
    const kept = units.filter(({ name, answered }) => answered === 'refused' && there.has(name));
    expect(kept.map(({ name }) => ({ refused: name, butKept: there.get(name) }))).toEqual([]);
  });

  it('no reader has ever seen uncommitted rows', () => {
    expect(looks).toBeGreaterThan(5);
    expect([...sightings].sort()).toEqual([]);
  });

  it('positions follow each other without a gap', async () => {
    const [log] = await shop.rows<{ events: number; head: number }>(
      'SELECT count(*) AS events, max(position) AS head FROM event_log',
    );
    expect(log.head).toBe(log.events);
  });
});

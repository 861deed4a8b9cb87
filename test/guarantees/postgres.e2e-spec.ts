import { basename, join } from 'node:path';
import { Client as Postgres, Pool } from 'pg';
import { isOutage } from '../../src/platform/database/connection';
import { Database } from '../../src/platform/database/database';
import { PostgresWriter } from '../../src/platform/database/postgres-connection';
import { Doctor } from '../../src/platform/invariants/doctor';
import { ProjectionTables } from '../../src/platform/projections/projection-tables';
import { inWords, stackOf } from '../../src/platform/reactions/error-text';
import { interceptStatements } from '../../src/platform/testing/statements';
import { Bookshelf } from '../support/bookshelf';
import { bookRequest, Client } from '../support/client';
import { databaseIn } from '../support/database';
import { Network } from '../support/network';
import { run } from '../support/program';
import { newFolder, removeFolder } from '../support/shop-process';

describe('PostgreSQL as the guarantees need it', () => {
  let shop: Bookshelf;
  let beside: Postgres;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    beside = new Postgres({ connectionString: databaseIn(shop.folder) });
    await beside.connect();
  });
  afterAll(async () => {
    await beside.end();
    await shop.close();
  });

  const writer = () => shop.get(Database).writer as PostgresWriter;

  /** Ends the writing connection, as a server does that is shut down. */
  async function cut(): Promise<void> {
    const { processID } = (await writer().connected()) as unknown as { processID: number };
    await beside.query('SELECT pg_terminate_backend($1)', [processID]);
  }

  const titled = async (title: string) =>
    (await shop.rows('SELECT 1 FROM catalog_book WHERE title = $1', [title])).length;

  /** Changes the database for every connection from now on. */
  async function inDatabase(setting: string, value = ''): Promise<void> {
    // Nobody locks himself out.
    const elsewhere = new Postgres({ connectionString: process.env.TEST_POSTGRES_URL });
    await elsewhere.connect();
    await elsewhere.query(`ALTER DATABASE "${basename(shop.folder)}" ${setting} ${value}`);
    await elsewhere.end();
  }

  it('a server that answers before what it has stored is on the disk is refused at the start', async () => {
    await inDatabase('SET synchronous_commit =', 'off');
    const start = Bookshelf.start({ folder: shop.folder });
    await expect(start).rejects.toThrow("PostgreSQL's synchronous_commit must be on, but it is off");
    await inDatabase('RESET', 'synchronous_commit');
  });

  describe('what cannot be opened is refused at the start in one line, without its password', () => {
    const folder = newFolder();
    afterAll(() => removeFolder(folder));

    it.each([
      [
        'postgres://shop:secret@127.0.0.1:1/shop',
        /^the database at postgres:\/\/shop:\*\*\*@127.0.0.1:1\/shop cannot be opened: .*ECONNREFUSED/,
      ],
      [
        'postgres://shop:secret@127.0.0.1',
        /^DATABASE_URL must be postgres:.*, not "postgres:\/\/shop:\*\*\*@127.0.0.1"$/,
      ],
      [
        `${new URL('/no_such_database', process.env.TEST_POSTGRES_URL).href}`,
        /cannot be opened: database "no_such_database" does not exist$/,
      ],
    ])('%s', async (url, says) => {
      const { code, said, complaints } = await run('main', folder, [], { DATABASE_URL: url });
      expect([...said, ...complaints]).toEqual([expect.stringMatching(says)]);
      expect(code).toBe(1);
    });
  });

  it('a connection that is cut before any statement leaves all of a command or nothing, and every effect once', async () => {
    const outcomes = new Set<string>();
    for (let at = 1, isReached = true; isReached; at++) {
      isReached = false;
      let sent = 0;
      const end = interceptStatements(shop.get(Database), async ({ connection }, send) => {
        if (connection === 'writer' && ++sent === at) {
          isReached = true;
          await cut();
        }
        return send();
      });
      const title = `Cut before statement ${at}`;
      const { status } = await shop.http().post('/books').send(bookRequest(title));
      await shop.settle();
      end();
      expect([201, 503]).toContain(status);
      expect(await titled(title)).toBe(status === 201 ? 1 : 0);
      outcomes.add(`${status} ${isReached}`);
    }
    // Before the commit, in a reaction, and not at all.
    expect([...outcomes].sort()).toEqual(['201 false', '201 true', '503 true']);
    expect(await shop.get(Doctor).examine()).toEqual([]);
  });

  it('a server that ends every connection is asked again: the shop goes on by itself', async () => {
    await beside.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await shop.until('the shop is ready again', async () => (await shop.http().get('/health/ready')).status === 200);
    await new Client(shop).addBook({ title: 'Back again' });
    expect(await titled('Back again')).toBe(1);
  });

  it('whoever reads the log up to a position has seen everything before it, however many write', async () => {
    const other = await Bookshelf.start({ folder: shop.folder });
    let isOver = false;
    const holes: unknown[] = [];
    const reading = (async () => {
      while (!isOver) {
        const { rows } = await beside.query<{ missing: string }>(
          'SELECT max(position) - count(*) AS missing FROM event_log',
        );
        if (rows[0].missing !== '0') holes.push(rows[0]);
      }
    })();
    const crowd = [shop, other].flatMap((one) => Array.from({ length: 8 }, () => new Client(one)));
    await Promise.all(
      crowd.map(async (client, at) => {
        for (let time = 0; time < 5; time++) await client.addBook({ title: `Book ${time} of ${at}` });
      }),
    );
    isOver = true;
    await reading;
    expect(holes).toEqual([]);
    await shop.settle();
    await other.settle();
    await other.stop();
    expect(await shop.get(Doctor).examine()).toEqual([]);
  });

  describe('is told of as what it is', () => {
    const change = async (setting: string, value: string) => {
      await inDatabase(setting, value);
      await cutAll();
    };
    const cutAll = () =>
      beside.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    const ready = () =>
      shop.until('the shop is ready again', async () => (await shop.http().get('/health/ready')).status === 200);

    it.each([
      ['a database that takes nothing in', 'SET default_transaction_read_only =', 'on', 'off'],
      ['a database that lets nobody in', 'ALLOW_CONNECTIONS', 'false', 'true'],
    ])('%s: everybody hears 503, and the shop goes on by itself afterwards', async (_what, setting, bad, good) => {
      await change(setting, bad);
      const { status } = await shop
        .http()
        .post('/books')
        .send(bookRequest(`Refused by ${setting}`));
      const health = await shop.http().get('/health/ready');
      await change(setting, good);
      await ready();
      expect(status).toBe(503);
      expect(health.status).toBe(503);
      expect(await titled(`Refused by ${setting}`)).toBe(0);
    });

    it('a snapshot of the whole transaction is not what the shop decides on, whatever the default is', async () => {
      await change('SET default_transaction_isolation =', `'repeatable read'`);
      await ready();
      const other = await Bookshelf.start({ folder: shop.folder });
      const crowd = [shop, other].flatMap((one) => Array.from({ length: 8 }, () => one));
      const answers = await Promise.all(
        crowd.map((one, at) =>
          one
            .http()
            .post('/books')
            .send(bookRequest(`Side by side ${at}`)),
        ),
      );
      await shop.settle();
      await other.stop();
      await change('RESET', 'default_transaction_isolation');
      await ready();
      expect(answers.map(({ status }) => status)).toEqual(crowd.map(() => 201));
    });
  });

  it('a reader of a projection holds up its rebuild, and nobody else', async () => {
    const tables = shop.get(ProjectionTables);
    const swap = tables.swap.bind(tables);
    let givenUp = 0;
    tables.swap = (of) =>
      swap(of).catch((error: unknown) => {
        givenUp++;
        throw error;
      });
    await beside.query('BEGIN; SELECT count(*) FROM catalog_browse');
    await shop.http().post('/reactions/catalog.browse/rebuild').expect(202);
    // Again and again, as everybody else would wait behind one who insists.
    await shop.until('the rebuild has given up twice', () => Promise.resolve(givenUp >= 2));
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, at) =>
        shop
          .http()
          .post('/books')
          .send(bookRequest(`Meanwhile ${at}`)),
      ),
    );
    await shop.http().get('/books').expect(200);
    await beside.query('COMMIT');
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    await shop.until('it is built anew', async () => {
      const { body } = await shop.http().get('/reactions/catalog.browse');
      return (body as { state: string }).state === 'idle';
    });
    await shop.settle();
  });

  it('a connection that says nothing any more is an outage, and the next transaction has another one', async () => {
    const { host, port, user, password, database } = beside;
    const network = await Network.to(host.startsWith('/') ? join(host, `.s.PGSQL.${port}`) : { host, port });
    const limits = { max: 2, connectionTimeoutMillis: 300 };
    const pool = new Pool({ ...network.address, user, password, database, ...limits });
    const silent = new PostgresWriter(pool, 300);
    const count = async () => (await silent.all<{ n: number }>('SELECT count(*) AS n FROM event_log'))[0].n;
    await shop.settle();
    await silent.begin();
    const before = await count();
    network.swallowEverything();
    await expect(count().catch(isOutage)).resolves.toBe(true);
    // Nor does the next one wait for ever.
    await silent.rollBack();
    await expect(silent.begin().catch(isOutage)).resolves.toBe(true);
    network.recover();
    const begins = () =>
      silent.begin().then(
        () => true,
        () => false,
      );
    await shop.until('the server has ended what it had begun, and the next transaction begins', begins);
    expect(await count()).toBe(before);
    await silent.commit();
    await silent.close();
    await pool.end();
    await network.close();
  });

  it('an error that is cut off in the middle of a character is stored all the same', () => {
    for (const length of [3_990, 3_991]) {
      const error = new Error(`${'x'.repeat(length)}${'😀'.repeat(10)}`);
      for (const text of [inWords(error), stackOf(error)!]) expect(text).not.toMatch(/\p{Cs}/u);
    }
  });

  it('a process that has only looked wakes no other', async () => {
    await shop.settle();
    const heard: string[] = [];
    beside.on('notification', ({ payload = '' }) => heard.push(payload));
    await beside.query('LISTEN bookshelf_written');
    for (let time = 0; time < 3; time++) {
      await shop.work.run('somebody who looks', () => shop.work.query('SELECT 1 FROM event_log LIMIT 1'));
    }
    // What is told comes in the order of the commits, so everything before this has come when this has.
    await beside.query(`NOTIFY bookshelf_written, 'the end'`);
    await shop.until('the end was told', () => Promise.resolve(heard.includes('the end')));
    expect(heard).toEqual(['the end']);
    await beside.query('UNLISTEN *');
  });

  it('what a process has stored that leaves the rest to others is handled by them at once', async () => {
    const idle = await Bookshelf.start({ folder: shop.folder, environment: { REACTIONS: 'off' } });
    const client = new Client(idle);
    const book = await client.addBook({ title: 'Left to others' });
    await shop.until('the other process has stocked it', async () => {
      const rows = await shop.rows('SELECT 1 FROM inventory_stock WHERE book_id = $1', [book]);
      return rows.length === 1;
    });
    await idle.stop();
  });

  it('whole numbers have 64 bits in every table', async () => {
    const narrow = await shop.rows(
      `SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema AND data_type = 'integer' AND table_name <> 'platform_migration'`,
    );
    expect(narrow).toEqual([]);
  });

  it.each([
    [`json_extract('{"a":{"b":[1,"two"]}}', '$.a.b[1]')`, 'two'],
    [`json_extract('{"orders.order-placed":7}', '$."orders.order-placed"')`, '7'],
    [`json_extract('{"a":1}', '$.b')`, null],
    [`(SELECT string_agg(key || '=' || value, ',' ORDER BY key) FROM json_each('{"b":2,"a":"x"}'))`, 'a=x,b=2'],
    [
      `(SELECT string_agg(value, ',' ORDER BY key) FROM json_each('{"items":[{"n":1},{"n":2}]}', '$.items'))`,
      '{"n": 1},{"n": 2}',
    ],
  ])('SQL over JSON is written once for both databases: %s', async (sql, value) => {
    expect(await shop.rows(`SELECT ${sql} AS value`)).toEqual([{ value }]);
  });
});

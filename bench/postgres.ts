import { Pool, types } from 'pg';
import { reasonOf, startPostgres } from '../test/support/postgres-server';
import { atTheEnd } from './at-the-end';
import type { Database } from './database';

types.setTypeParser(types.builtins.INT8, Number);

/** A server of PostgreSQL, in which each program gets a database of its own. */
export class Postgres {
  private created = 0;

  private constructor(
    private readonly url: string,
    private readonly pool: Pool,
    readonly version: string,
  ) {}

  static async connect(url: string): Promise<Postgres> {
    const pool = open(url);
    const [settings] = await rowsOf<{ version: string; fsync: string; commit: string }>(
      pool,
      `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
              current_setting('synchronous_commit') AS commit`,
    );
    if (settings.fsync === 'off' || settings.commit === 'off') {
      throw new Error('it answers before what it has stored is on the disk: fsync or synchronous_commit is off');
    }
    return new Postgres(url, pool, settings.version.split(' ')[0]);
  }

  /** Makes a new database. */
  async create(): Promise<Database> {
    const name = `bookshelf_bench_${process.pid}_${++this.created}`;
    await this.pool.query(`CREATE DATABASE ${name}`);
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    const beside = open(url.href);
    return {
      url: url.href,
      rows: (sql) => rowsOf(beside, sql),
      close: () => beside.end(),
      drop: async () => void (await this.pool.query(`DROP DATABASE ${name} WITH (FORCE)`)),
    };
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/** Runs `work` with the server at BENCH_POSTGRES_URL, or with one that lasts as long as it does. */
export async function withPostgres<T>(work: (server: Postgres) => Promise<T>): Promise<T> {
  const given = process.env.BENCH_POSTGRES_URL;
  const own = given ? undefined : await startPostgres();
  const stop = own && atTheEnd(() => own.stop());
  try {
    const server = await Postgres.connect(given ?? own!.url).catch((error: unknown) => {
      throw new Error(`PostgreSQL cannot be used${given ? ' at BENCH_POSTGRES_URL' : ''}: ${reasonOf(error)}`);
    });
    try {
      return await work(server);
    } finally {
      await server.close();
    }
  } finally {
    await stop?.();
  }
}

function open(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 10_000 });
  // Without a listener, a connection that breaks while nobody uses it would end the process.
  pool.on('error', () => undefined);
  return pool;
}

const rowsOf = async <Row>(pool: Pool, sql: string): Promise<Row[]> => (await pool.query(sql)).rows as Row[];

import { DatabaseError as Refusal, Pool, PoolClient, QueryConfig, QueryResult, types } from 'pg';
import {
  BUSY_TIMEOUT,
  DatabaseError,
  LOST,
  Parameter,
  ReadingConnection,
  Statements,
  WritingConnection,
} from './connection';
import { POSTGRES } from './dialect';

/** Whoever holds this lock of the database may write: positions follow commits, as no two transactions overlap. */
const WRITER = 1_114_598_251;

/** Where a process tells the others that it has written. */
const CHANNEL = 'bookshelf_written';

/** Types by their numbers, and what their values come out as: the same that SQLite answers. */
const PARSERS = new Map<number, (text: string) => unknown>([
  [types.builtins.BOOL, (text) => (text === 't' ? 1 : 0)],
  [types.builtins.INT8, Number],
  // What sums of whole numbers are.
  [types.builtins.NUMERIC, Number],
]);

const PARSING = {
  getTypeParser: (type: number, format?: 'text' | 'binary'): ((value: string) => unknown) =>
    PARSERS.get(type) ?? (types.getTypeParser(type, format) as (value: string) => unknown),
};

const KEPT_STATEMENTS = 256;

/**
 * So long an answer is waited for, in milliseconds: a network that swallows everything says nothing. Migrations, rebuilds by
 * TypeORM's runner and the doctor wait as long as it takes.
 */
const LONGEST_STATEMENT = 30_000;

/**
 * What each writing session is set to. A server that hears nothing of a process for half a minute, or of one that has stopped in
 * the middle of its transaction for two, ends the session, and with it the lock that all others wait for.
 */
const SESSION = {
  synchronous_commit: 'on',
  lock_timeout: BUSY_TIMEOUT,
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 120_000,
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 4,
};

type Target = Pick<PoolClient, 'query'>;

/** The statements that are sent again and again have names: each connection prepares them once. */
class Preparing implements Statements {
  private static made = 0;
  /** A connection of a pool may be asked in turns by several of these. */
  private readonly prefix = `bookshelf_${++Preparing.made}`;
  private readonly names = new Map<string, string>();

  constructor(
    private readonly target: () => Target | Promise<Target>,
    private readonly patience?: number,
  ) {}

  async all<Row>(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    return (await this.send(sql, parameters)).rows as Row[];
  }

  async run(sql: string, parameters: readonly Parameter[] = []): Promise<number> {
    return (await this.send(sql, parameters)).rowCount ?? 0;
  }

  private async send(text: string, parameters: readonly Parameter[]): Promise<QueryResult> {
    try {
      const target = await this.target();
      return await target.query({
        name: this.nameOf(text),
        text,
        values: [...parameters],
        types: PARSING,
        query_timeout: this.patience,
      } as QueryConfig);
    } catch (error) {
      this.failed(error);
      throw wrap(error, text);
    }
  }

  /** A statement has failed, or has not been answered. */
  protected failed(_error: unknown): void {}

  private nameOf(sql: string): string | undefined {
    if (!this.names.has(sql) && this.names.size < KEPT_STATEMENTS)
      this.names.set(sql, `${this.prefix}_${this.names.size}`);
    return this.names.get(sql);
  }
}

/** Reads through any connection of a pool, each statement by itself. The pool belongs to whoever has made it. */
export class PostgresReader extends Preparing implements ReadingConnection {
  readonly dialect = POSTGRES;

  constructor(private readonly pool: Pool) {
    super(() => pool, LONGEST_STATEMENT);
  }

  async exec(sql: string): Promise<void> {
    await this.pool.query(sql).catch((error: unknown) => {
      throw wrap(error, sql);
    });
  }

  async apart<T>(work: (connection: Statements) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw wrap(error, 'connect');
    });
    try {
      return await work(new Preparing(() => client));
    } finally {
      client.release(true);
    }
  }

  async release(): Promise<void> {}

  close(): Promise<void> {
    return this.pool.end();
  }
}

/**
 * The one connection that writes. All processes on the database take turns by a lock, which a process gives back after
 * each transaction, or when it dies: so a position is taken only when all before it are there to be read. What a
 * process has written it tells the others. A connection that is lost is opened again for the next transaction.
 */
export class PostgresWriter extends Preparing implements WritingConnection {
  readonly dialect = POSTGRES;
  private client: Promise<PoolClient> | undefined;
  /** The connection that the open transaction began on: what belongs to it is sent there, or nowhere. */
  private begunOn: PoolClient | undefined;
  private others = 0;
  onWriteOfOthers?: () => void;

  /**
   * @param pool of which one connection is kept for good
   * @param longest how long the answer to a statement is waited for, in milliseconds
   */
  constructor(
    private readonly pool: Pool,
    private readonly longest = LONGEST_STATEMENT,
  ) {
    super(() => this.connected(), longest);
  }

  /** The connection itself, for TypeORM. */
  async connected(): Promise<PoolClient> {
    if (this.begunOn) return this.begunOn;
    if (!this.client) {
      const client = (this.client = this.open());
      client.catch(() => (this.client = undefined));
    }
    return this.client;
  }

  async exec(sql: string): Promise<void> {
    try {
      const client = await this.connected();
      await client.query({ text: sql, query_timeout: this.longest } as QueryConfig);
    } catch (error) {
      this.failed(error);
      throw wrap(error, sql);
    }
  }

  /** What is no answer of the server's is the end of the connection: what was sent there last is lost, or still to come. */
  protected override failed(error: unknown): void {
    if (!(error instanceof Refusal) && this.current) this.drop(this.current);
  }

  async begin(): Promise<void> {
    this.begunOn = await this.connected().catch((error: unknown) => {
      throw wrap(error, 'connect');
    });
    try {
      // Each statement sees what was committed before it, also the first one behind the lock.
      await this.exec(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_lock(${WRITER})`);
    } catch (error) {
      await this.rollBack();
      throw error;
    }
  }

  async commit(): Promise<void> {
    // COMMIT alone ends a transaction in which a statement has failed without a word, and stores nothing of it; any other
    // statement is refused then. Whoever has only read, and has no number as a writer, tells nobody: processes that wake
    // each other to look would never come to rest.
    await this.exec(
      `SELECT pg_notify('${CHANNEL}', '') WHERE pg_current_xact_id_if_assigned() IS NOT NULL;
       COMMIT; SELECT pg_advisory_unlock_all()`,
    );
    this.begunOn = undefined;
  }

  async rollBack(): Promise<void> {
    if (!this.begunOn) return;
    if (this.begunOn !== this.current) {
      // What has lost its connection is rolled back.
      this.begunOn = undefined;
      return;
    }
    try {
      await this.exec('ROLLBACK; SELECT pg_advisory_unlock_all()');
    } catch {
      this.drop(this.begunOn);
    }
    this.begunOn = undefined;
  }

  /** The lock is kept meanwhile, so nobody can write in between. */
  async beginAnew(): Promise<void> {
    await this.exec('ROLLBACK; BEGIN ISOLATION LEVEL READ COMMITTED');
  }

  async writesOfOthers(): Promise<number> {
    // Nobody is told anything while there is no connection.
    await this.connected().catch((error: unknown) => {
      throw wrap(error, 'connect');
    });
    return this.others;
  }

  async release(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    if (client) this.drop(client);
  }

  close(): Promise<void> {
    return this.release();
  }

  private async open(): Promise<PoolClient> {
    const client: PoolClient & { processID?: number } = await this.pool.connect();
    client.on('error', () => this.drop(client));
    client.on('end', () => this.drop(client));
    client.on('notification', ({ processId }) => {
      if (processId === client.processID) return;
      this.others++;
      this.onWriteOfOthers?.();
    });
    // Who knows what was written while nobody listened.
    this.others++;
    this.current = client;
    const settings = Object.entries(SESSION).map(([name, value]) => `SET ${name} = ${value}`);
    const text = [...settings, `LISTEN ${CHANNEL}`].join('; ');
    try {
      await client.query({ text, query_timeout: this.longest } as QueryConfig);
    } catch (error) {
      // The pool has room for one more only.
      this.drop(client);
      throw error;
    }
    return client;
  }

  private current: PoolClient | undefined;

  /** Closes the connection, once; whatever is open on it is rolled back. */
  private drop(client: PoolClient): void {
    if (this.current !== client) return;
    this.current = undefined;
    this.client = undefined;
    client.release(true);
  }
}

/** @returns the error as everybody here knows errors of the database */
export function wrap(error: unknown, sql: string): DatabaseError {
  const { message, code } = error as Error & { code?: string };
  // An address that nobody listens at has no message, only a code.
  return new DatabaseError(error instanceof Refusal ? error.code! : LOST, message || code || String(error), sql);
}

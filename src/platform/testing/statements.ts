import { Database } from '../database/database';
import { DatabaseError, ReadingConnection, WritingConnection } from '../database/connection';

/** What an instrument needs of a program that runs: its providers. A Nest application is one. */
export interface Program {
  get<T>(token: abstract new (...args: never[]) => T): T;
}

/** A statement on its way to the database. */
export interface Statement {
  readonly connection: 'writer' | 'reader';
  readonly sql: string;
}

/** Called instead of each statement; `send` sends it. */
export type Around = <T>(statement: Statement, send: () => Promise<T>) => Promise<T>;

/**
 * Stands between a program and its database. What TypeORM sends by itself, while the program starts, is not seen.
 * @returns what takes it away again
 */
export function interceptStatements(database: Pick<Database, 'writer' | 'reader'>, around: Around): () => void {
  const ends = [intercept(database.writer, 'writer', around), intercept(database.reader, 'reader', around)];
  return () => ends.forEach((end) => end());
}

function intercept(
  target: ReadingConnection | WritingConnection,
  connection: Statement['connection'],
  around: Around,
): () => void {
  const all = target.all.bind(target);
  const run = target.run.bind(target);
  const exec = target.exec.bind(target);
  target.all = (sql, parameters) => around({ connection, sql }, () => all(sql, parameters));
  target.run = (sql, parameters) => around({ connection, sql }, () => run(sql, parameters));
  target.exec = (sql) => around({ connection, sql }, () => exec(sql));
  return () => void Object.assign(target, { all, run, exec });
}

/** Whether a statement begins a transaction. */
export const begins = (sql: string): boolean => /^BEGIN\b/.test(sql);

/** Whether a statement makes a transaction durable. */
export const commits = (sql: string): boolean => /\bCOMMIT\b/.test(sql);

/** How a statement fails: with which of SQLite's codes, and whether SQLite rolls the transaction back by itself. */
export interface Failure {
  readonly code: string;
  readonly rollsBack?: boolean;
}

/** What SQLite reports when a statement fails for reasons that lie outside it. */
export const FAILURES = {
  /** The disk cannot be read or written. SQLite gives up the whole transaction then. */
  disk: { code: 'SQLITE_IOERR', rollsBack: true },
  /** The disk is full, and what was written so far stands until somebody rolls it back. */
  full: { code: 'SQLITE_FULL' },
  /** Anything else: this statement has failed, and nobody knows why. */
  plain: { code: 'SQLITE_ERROR' },
} as const satisfies Record<string, Failure>;

/**
 * Fails a statement, as SQLite would, in its stead.
 * @param exec sends to the writer
 */
export async function fail(exec: (sql: string) => Promise<void>, sql: string, failure: Failure): Promise<never> {
  // Outside a transaction there is nothing to roll back, and SQLite says so.
  if (failure.rollsBack) await exec('ROLLBACK').catch(() => undefined);
  throw new DatabaseError(failure.code, `${failure.code}: a test has made this fail`, sql);
}

/** One statement of the writer that fails, once. */
export class FailingStatement {
  /** The statement that has failed; nothing while it has not been reached. */
  failed: string | undefined;
  private count = 0;
  private readonly end: () => void;

  /** @param at which one fails: 1 is the first that is sent from now on */
  constructor(program: Program, at: number, failure: Failure) {
    const database = program.get(Database);
    const exec = database.writer.exec.bind(database.writer);
    this.end = interceptStatements(database, async ({ connection, sql }, send) => {
      if (connection === 'writer' && this.failed === undefined && ++this.count === at) {
        this.failed = sql;
        await fail(exec, sql, failure);
      }
      return send();
    });
  }

  /** From now on no statement fails. */
  mend(): void {
    this.end();
  }
}

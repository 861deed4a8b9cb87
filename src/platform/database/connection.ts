import { Dialect } from './dialect';

/** What a caller may bind to a `$1`, `$2`, ... of a statement. */
export type Parameter = string | number | null;

/** A statement that the database refused, with its own code: SQLITE_CONSTRAINT, or an SQLSTATE of PostgreSQL. */
export class DatabaseError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly sql: string,
  ) {
    super(message);
    this.name = 'DatabaseError';
  }
}

/** Whatever statements can be sent to. Parameters are `$1`, `$2`, ... */
export interface Statements {
  /** @returns the rows, each an object by column name; a boolean is 1 or 0 */
  all<Row>(sql: string, parameters?: readonly Parameter[]): Promise<Row[]>;
  /** @returns how many rows the statement changed */
  run(sql: string, parameters?: readonly Parameter[]): Promise<number>;
}

/** What the database lets through when it is read: it sees what is committed, and nothing else. */
export interface ReadingConnection extends Statements {
  readonly dialect: Dialect;
  /** Statements that are run once: settings and table definitions. */
  exec(sql: string): Promise<void>;
  /** Lets go of what the driver holds, without which it refuses to close. */
  release(): Promise<void>;
  /** Closes the connection, whatever is open on it: a transaction is rolled back. */
  close(): Promise<void>;
  /** Does what takes long through a connection of its own, which is new and closed afterwards. */
  apart<T>(work: (connection: Statements) => Promise<T>): Promise<T>;
}

/** The connection that writes. One transaction is open at a time, in this process and in all others. */
export interface WritingConnection extends Omit<ReadingConnection, 'apart'> {
  /** Begins a transaction when no other writer has one open. @throws DatabaseError an outage, when that takes too long */
  begin(): Promise<void>;
  /** Resolves when the transaction is on the disk. */
  commit(): Promise<void>;
  /** Resolves when no transaction is open, whoever has ended it. */
  rollBack(): Promise<void>;
  /** Rolls back and begins a new transaction. @throws Error when another process has written in between */
  beginAnew(): Promise<void>;
  /** @returns a number that is another one once another process has written */
  writesOfOthers(): Promise<number>;
  /** Called when another process has written, where the database tells so by itself. */
  onWriteOfOthers?: () => void;
}

/** How long a transaction waits for another process that is writing, in milliseconds. */
export const BUSY_TIMEOUT = 5_000;

/** The database has refused a statement, whoever has sent it. */
export const isFromDatabase = (error: unknown): boolean =>
  error instanceof DatabaseError || (error instanceof Error && 'driverError' in error);

/** The database's own code of an error; TypeORM hands it on with the error that it makes of it. */
const codeOf = (error: unknown): string | undefined =>
  isFromDatabase(error) ? ((error as { code?: string }).code ?? LOST) : undefined;

/** What a connection that is lost says has no code of PostgreSQL's. */
export const LOST = '08006';

/** A rule of the schema said no: a unique key, a foreign key, a check. The same rows would be refused again. */
export const isConstraint = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && /^(SQLITE_CONSTRAINT|23)/.test(error.code);

/**
 * The database itself could not: it is locked, full, out of reach, or its disk fails. Says nothing about the rows.
 * (The classes of PostgreSQL's SQLSTATE: 08 connection, 25006 read only, 28 and 3D not let in, 40 rolled back, 53 resources,
 * 55000 and 55P03 not to be had, 57 an operator, 58 and XX its own insides. What begins with E is the system's.)
 */
export const isOutage = (error: unknown): error is Error & { code: string } => OUTAGES.test(codeOf(error) ?? '');

const OUTAGES =
  /^(SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|CORRUPT|PROTOCOL|MISUSE|INTERRUPT).*|(08|28|3D|40|53|57|58|XX)[0-9A-Z]*|25006|55000|55P03|E[A-Z]+)$/;

/** Another writer has the database, and goes on having it. */
export const isBusy = (error: unknown): boolean => /^(SQLITE_BUSY.*|55P03|57P03)$/.test(codeOf(error) ?? '');

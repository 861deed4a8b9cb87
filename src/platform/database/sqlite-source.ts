import type { Database as Sqlite } from 'sqlite3';
import { DataSource, DataSourceOptions, QueryRunner } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver';
import type { SqliteDriver } from 'typeorm/driver/sqlite/SqliteDriver';
import { SqliteQueryRunner } from 'typeorm/driver/sqlite/SqliteQueryRunner';
import { readOnly, SqliteOptions } from './database.options';
import { BUSY_TIMEOUT, DatabaseError, SqliteConnection } from './sqlite-connection';

const SETTINGS: Readonly<Record<string, { set: string | number; is: string | number }>> = {
  // First of all: the next one may have to wait for another process that is starting, too.
  busy_timeout: { set: BUSY_TIMEOUT, is: BUSY_TIMEOUT },
  journal_mode: { set: 'WAL', is: 'wal' },
  // Each commit is on the disk before it is answered.
  synchronous: { set: 'FULL', is: 2 },
  foreign_keys: { set: 'ON', is: 1 },
  // REPLACE removes rows without calling triggers otherwise, and the log's own forbid it.
  recursive_triggers: { set: 'ON', is: 1 },
};

/**
 * Opens the connection that writes, brings the schema up to date, and makes sure that SQLite is set as every guarantee
 * needs it.
 *
 * @throws Error naming the setting when SQLite does not take it (a file system without shared memory refuses WAL)
 */
export async function openWriter(options: DataSourceOptions): Promise<DataSource> {
  const source = await new DataSource(options).initialize();
  const connection = connectionOf(source);
  for (const [name, { set }] of Object.entries(SETTINGS)) {
    await patiently(() => connection.exec(`PRAGMA ${name} = ${set}`));
  }
  await assertSettings(connection);
  await migrate(source, connection);
  await connection.release();
  return source;
}

/** A start waits so long for a file that others write to without a pause, in milliseconds. */
const START_PATIENCE = 30_000;

/**
 * Does what a start needs of the database. Whoever waits for the file asks again and again, and is lucky or not; and two
 * processes that change a new file to WAL at the same moment are not made to wait at all, as they are everywhere else.
 *
 * @param work all or nothing
 * @throws what the work throws, and SQLITE_BUSY only when the file stays locked
 */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + START_PATIENCE;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as DatabaseError).code !== 'SQLITE_BUSY' || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Opens the connection that reads. It sees what is committed and nothing else, and never waits for the writer. */
export async function openReader(options: DataSourceOptions): Promise<DataSource> {
  const source = await new DataSource(options).initialize();
  await connectionOf(source).exec(`PRAGMA query_only = ON; PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  return source;
}

/** Whether a program with these options would bring the schema of this file up to date. Changes nothing. */
export async function isOutdated(options: SqliteOptions): Promise<boolean> {
  const source = await openReader({ ...readOnly(options), migrations: options.migrations });
  const connection = connectionOf(source);
  try {
    return !(await isUpToDate(source, connection));
  } finally {
    await connection.release();
    await source.destroy();
  }
}

/** @throws Error naming the first setting that is not as the guarantees need it */
export async function assertSettings(connection: SqliteConnection): Promise<void> {
  for (const [name, { is }] of Object.entries(SETTINGS)) {
    const [row] = await connection.all<Record<string, string | number>>(`PRAGMA ${name}`);
    const value = Object.values(row)[0];
    if (value !== is) throw new Error(`SQLite's ${name} must be ${is}, but it is ${value}`);
  }
}

/** All pending migrations or none, one process at a time: TypeORM itself takes no lock. With none, nobody is waited for. */
async function migrate(source: DataSource, connection: SqliteConnection): Promise<void> {
  if (await isUpToDate(source, connection)) return;
  const runner = source.createQueryRunner();
  await patiently(() => connection.exec('BEGIN IMMEDIATE'));
  insideTransaction(runner, true);
  try {
    await source.runMigrations({ transaction: 'none' });
    await connection.exec('COMMIT');
  } catch (error) {
    await connection.exec('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    insideTransaction(runner, false);
  }
}

/** Whether every migration of the program has been run on the file. Changes nothing, and waits for nobody. */
async function isUpToDate({ migrations, options }: DataSource, connection: SqliteConnection): Promise<boolean> {
  const name = options.migrationsTableName!;
  const isNew = (await connection.all('SELECT 1 FROM sqlite_schema WHERE name = $1', [name])).length === 0;
  const rows = isNew ? [] : await connection.all<{ name: string }>(`SELECT name FROM ${name}`);
  const done = new Set(rows.map(({ name }) => name));
  return migrations.every(({ name, constructor }) => done.has(name ?? constructor.name));
}

/** Tells TypeORM that a transaction is open which it did not begin: its own ones become savepoints of it. */
export function insideTransaction(runner: QueryRunner, inside: boolean): void {
  const state = runner as unknown as { isTransactionActive: boolean; transactionDepth: number };
  state.isTransactionActive = inside;
  state.transactionDepth = inside ? 1 : 0;
}

/** What the writing connection asks before each statement that comes through TypeORM. */
export interface WriterGuard {
  /**
   * Sends a statement `inside` the caller's unit of work, behind everything that is pending there, or `outside` when
   * there is none.
   */
  send<T>(sql: string, inside: () => Promise<T>, outside: () => Promise<T>): Promise<T>;
}

/** A statement that writes was sent outside any unit of work. */
export class OutsideUnitOfWork extends Error {
  constructor(what: string) {
    super(
      `${what} outside a unit of work: do it in a command handler or a reaction, which is one transaction as it is`,
    );
    this.name = 'OutsideUnitOfWork';
  }
}

/**
 * TypeORM shares one query runner per SQLite connection, so a plain `repository.insert()` would join whichever
 * transaction happens to be open. Behind this guard, TypeORM's own repositories are safe: inside a unit of work they
 * take part in it; outside, reads go to the reading connection and writes throw.
 */
export function guardWriter(writer: DataSource, reader: DataSource, guard: WriterGuard): void {
  const driver = writer.driver as SqliteDriver;
  const guarded = new GuardedQueryRunner(driver, reader, guard);
  (driver as unknown as { queryRunner?: unknown }).queryRunner = guarded;
  // The manager that `dataSource.manager` and injected repositories use asks the driver anew for each statement.
  driver.createQueryRunner = () => guarded as unknown as QueryRunner;
}

const READS = /^\s*(SELECT|EXPLAIN|WITH(?![^]*\b(INSERT|UPDATE|DELETE|REPLACE)\b))\b/i;

/** Whether a statement may change something. */
export const writes = (sql: string): boolean => !READS.test(sql);

/** What the author of a statement calls it: they have written no SQL of a transaction that TypeORM begins. */
const inWords = (sql: string): string =>
  /^\s*(SAVEPOINT typeorm_|BEGIN\b)/i.test(sql)
    ? 'dataSource.transaction() (or queryRunner.startTransaction()) was called'
    : `"${sql.slice(0, 60)}" was sent`;

/** Begins or ends a whole transaction. Savepoints, which TypeORM uses inside one, are not meant. */
const ENDS = /^\s*(BEGIN|COMMIT|END|ROLLBACK(?!\s+(TRANSACTION\s+)?TO\b))\b/i;

class GuardedQueryRunner extends SqliteQueryRunner {
  constructor(
    driver: SqliteDriver,
    private readonly reader: DataSource,
    private readonly guard: WriterGuard,
  ) {
    super(driver);
  }

  override query(sql: string, parameters?: unknown[], useStructuredResult = false): Promise<unknown> {
    return this.guard.send<unknown>(
      sql,
      async () => {
        if (ENDS.test(sql)) throw new Error(`${sql} is the business of the unit of work`);
        return super.query(sql, parameters as never, useStructuredResult);
      },
      async () => {
        if (writes(sql)) throw new OutsideUnitOfWork(inWords(sql));
        return this.reader.createQueryRunner().query(sql, parameters as never, useStructuredResult as never);
      },
    );
  }
}

/** The driver's own connection behind a data source. */
export const connectionOf = (source: DataSource): SqliteConnection =>
  new SqliteConnection((source.driver as AbstractSqliteDriver).databaseConnection as Sqlite);

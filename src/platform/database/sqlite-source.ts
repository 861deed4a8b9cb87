import type { Database as Sqlite } from 'sqlite3';
import { DataSource, DataSourceOptions } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver';
import { BUSY_TIMEOUT, Statements } from './connection';
import { migrate, patiently } from './migrate';
import { SqliteConnection } from './sqlite-connection';

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
export async function openSqliteWriter(
  options: DataSourceOptions,
): Promise<{ source: DataSource; connection: SqliteConnection }> {
  const source = await new DataSource(options).initialize();
  const connection = connectionOf(source);
  for (const [name, { set }] of Object.entries(SETTINGS)) {
    await patiently(() => connection.exec(`PRAGMA ${name} = ${set}`));
  }
  await assertSettings(connection);
  await migrate(source, connection);
  await connection.release();
  return { source, connection };
}

/** Opens the connection that reads. It sees what is committed and nothing else, and never waits for the writer. */
export async function openSqliteReader(
  options: DataSourceOptions,
): Promise<{ source: DataSource; connection: SqliteConnection }> {
  const source = await new DataSource(options).initialize();
  const connection = connectionOf(source);
  await connection.exec(`PRAGMA query_only = ON; PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  return { source, connection };
}

/** @throws Error naming the first setting that is not as the guarantees need it */
export async function assertSettings(connection: Statements): Promise<void> {
  for (const [name, { is }] of Object.entries(SETTINGS)) {
    const [row] = await connection.all<Record<string, string | number>>(`PRAGMA ${name}`);
    const value = Object.values(row)[0];
    if (value !== is) throw new Error(`SQLite's ${name} must be ${is}, but it is ${value}`);
  }
}

/** The driver's own connection behind a data source. */
const connectionOf = (source: DataSource): SqliteConnection =>
  new SqliteConnection((source.driver as AbstractSqliteDriver).databaseConnection as Sqlite);

import { DataSource } from 'typeorm';
import { ReadingConnection, WritingConnection } from './connection';
import { DatabaseOptions, readOnly } from './database.options';
import { isUpToDate } from './migrate';
import { openPostgresReader, openPostgresWriter } from './postgres-source';
import { openSqliteReader, openSqliteWriter } from './sqlite-source';

const writers = new WeakMap<DataSource, WritingConnection>();
const readers = new WeakMap<DataSource, ReadingConnection>();

/**
 * Opens the connection that writes, and brings the schema up to date.
 *
 * @throws Error when a guarantee cannot be kept there; NotMigrated
 */
export async function openWriter(options: DatabaseOptions): Promise<DataSource> {
  const { source, connection } =
    options.type === 'postgres' ? await openPostgresWriter(options) : await openSqliteWriter(options);
  writers.set(source, connection);
  return source;
}

/** Opens what reads: it sees what is committed and nothing else. @param options of `readOnly` */
export async function openReader(options: DatabaseOptions): Promise<DataSource> {
  const { source, connection } =
    options.type === 'postgres' ? await openPostgresReader(options) : await openSqliteReader(options);
  readers.set(source, connection);
  return source;
}

/** The connection behind a data source that `openWriter` has opened. */
export const writerOf = (source: DataSource): WritingConnection => writers.get(source)!;

/** The connection behind a data source that `openReader` has opened. */
export const readerOf = (source: DataSource): ReadingConnection => readers.get(source)!;

/** Whether a program with these options would bring the schema of the database up to date. Changes nothing. */
export const isOutdated = (options: DatabaseOptions): Promise<boolean> =>
  look(options, async (source) => !(await isUpToDate(source, readerOf(source))));

/** Whether anything has ever happened there: it has an event. Changes nothing. */
export const hasEvents = (options: DatabaseOptions): Promise<boolean> =>
  look(options, async (source) => {
    const reader = readerOf(source);
    const tables = await reader.all<{ name: string }>(reader.dialect.tables);
    const isNew = !tables.some(({ name }) => name === 'event_log');
    return !isNew && (await reader.all('SELECT position FROM event_log LIMIT 1')).length > 0;
  });

async function look(options: DatabaseOptions, at: (source: DataSource) => Promise<boolean>): Promise<boolean> {
  const source = await openReader({ ...readOnly(options), migrations: options.migrations });
  try {
    return await at(source);
  } finally {
    await readerOf(source).release();
    await source.destroy();
  }
}

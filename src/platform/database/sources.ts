import { DataSource } from 'typeorm';
import { ReadingConnection, WritingConnection } from './connection';
import { DatabaseOptions, readOnly } from './database.options';
import { isUpToDate } from './migrate';
import { openPostgresReader, openPostgresWriter } from './postgres-source';
import { openSqliteReader, openSqliteWriter } from './sqlite-source';

const writers = new WeakMap<DataSource, WritingConnection>();
const readers = new WeakMap<DataSource, ReadingConnection>();

/** Opens the connection that writes, and brings the schema up to date. @throws Error when a guarantee cannot be kept there */
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
export async function isOutdated(options: DatabaseOptions): Promise<boolean> {
  const source = await openReader({ ...readOnly(options), migrations: options.migrations });
  try {
    return !(await isUpToDate(source, readerOf(source)));
  } finally {
    await readerOf(source).release();
    await source.destroy();
  }
}

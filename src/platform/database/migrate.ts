import { DataSource, QueryRunner } from 'typeorm';
import { isBusy, ReadingConnection, WritingConnection } from './connection';
import { Dialect, POSTGRES, SQLITE } from './dialect';
import { insideTransaction } from './writer-guard';

/** A start waits so long for a database that others write to without a pause, in milliseconds. */
const START_PATIENCE = 30_000;

/**
 * Does what a start needs of the database. Whoever waits for SQLite's file asks again and again, and is lucky or not; and two
 * processes that change a new file to WAL at the same moment are not made to wait at all, as they are everywhere else.
 *
 * @param work all or nothing
 * @throws what the work throws, and that the database is busy only when it stays so
 */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + START_PATIENCE;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** All pending migrations or none, one process at a time: TypeORM itself takes no lock. With none, nobody is waited for. */
export async function migrate(source: DataSource, connection: WritingConnection): Promise<void> {
  if (await isUpToDate(source, connection)) return;
  const runner = source.createQueryRunner();
  await patiently(() => connection.begin());
  insideTransaction(runner, true);
  try {
    await source.runMigrations({ transaction: 'none' });
    await connection.commit();
  } catch (error) {
    await connection.rollBack().catch(() => undefined);
    throw error;
  } finally {
    insideTransaction(runner, false);
  }
}

/** Whether every migration of the program has been run on the database. Changes nothing, and waits for nobody. */
export async function isUpToDate(
  { migrations, options }: DataSource,
  connection: Pick<ReadingConnection, 'all' | 'dialect'>,
): Promise<boolean> {
  const tables = await connection.all<{ name: string }>(connection.dialect.tables);
  const isNew = !tables.some(({ name }) => name === options.migrationsTableName);
  const rows = isNew ? [] : await connection.all<{ name: string }>(`SELECT name FROM ${options.migrationsTableName!}`);
  const done = new Set(rows.map(({ name }) => name));
  return migrations.every(({ name, constructor }) => done.has(name ?? constructor.name));
}

/** For a migration: how the database that it is run on differs from the other. */
export const dialectOf = (runner: QueryRunner): Dialect =>
  runner.connection.options.type === 'postgres' ? POSTGRES : SQLITE;

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

/** Brings the schema up to date, and makes sure that it is what the program declares. @throws NotMigrated */
export async function migrate(source: DataSource, connection: WritingConnection): Promise<void> {
  if (!(await isUpToDate(source, connection))) await runMigrations(source, connection);
  await assertMigrated(source, connection);
}

/** All pending migrations or none, one process at a time: TypeORM itself takes no lock. */
async function runMigrations(source: DataSource, connection: WritingConnection): Promise<void> {
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

/** Tables or columns are declared that no migration has made. */
export class NotMigrated extends Error {
  constructor(missing: readonly string[]) {
    super(
      `the database does not have what the program declares, so a migration is missing: ${missing.join(', ')}\n` +
        'npm run migration:generate -- src/<context>/persistence/migrations/<name> writes it',
    );
    this.name = 'NotMigrated';
  }
}

/**
 * Makes sure that no statement will be the first to miss a table or a column. Those of projections are made later.
 *
 * @throws NotMigrated
 */
async function assertMigrated(
  { entityMetadatas }: DataSource,
  connection: Pick<ReadingConnection, 'all' | 'dialect'>,
): Promise<void> {
  const made = new Map<string, Set<string>>();
  for (const { table, name } of await connection.all<{ table: string; name: string }>(connection.dialect.columns)) {
    if (!made.has(table)) made.set(table, new Set());
    made.get(table)!.add(name);
  }
  const missing = entityMetadatas
    .filter(({ synchronize }) => synchronize)
    .flatMap(({ tableName, columns }) => {
      const has = made.get(tableName);
      if (!has) return [`table ${tableName}`];
      return columns.flatMap(({ databaseName }) =>
        has.has(databaseName) ? [] : [`column ${tableName}.${databaseName}`],
      );
    });
  if (missing.length > 0) throw new NotMigrated(missing);
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

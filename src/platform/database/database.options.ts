import { join } from 'node:path';
import { isAbsolute, resolve } from 'node:path';
import sqlite3 from 'sqlite3';
import { DataSourceOptions, getMetadataArgsStorage } from 'typeorm';
import { ConfigurationError, Environment } from '../environment';
import { SnakeNaming } from './snake-naming';

export const DEFAULT_DATABASE_URL = 'sqlite:./data/bookshelf.db';

export type SqliteOptions = Extract<DataSourceOptions, { type: 'sqlite' }>;

/**
 * TypeORM calls `verbose()` on the driver, which keeps a stack trace for each statement and costs a fifth of the speed.
 * This is the same driver with a `verbose()` that changes nothing.
 */
const plainDriver = { ...sqlite3, verbose: () => sqlite3 };

/** @returns the file behind `sqlite:<file>` as an absolute path */
export function databaseFile(environment: Environment): string {
  const url = environment.text('DATABASE_URL', DEFAULT_DATABASE_URL);
  const file = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (!file || file === ':memory:') {
    // A database in memory cannot be shared by the writing and the reading connection.
    throw new ConfigurationError(`DATABASE_URL must be sqlite:<file>, such as ${DEFAULT_DATABASE_URL}, not "${url}"`);
  }
  return isAbsolute(file) ? file : resolve(file);
}

/**
 * The one place that turns DATABASE_URL into TypeORM's options. Tables are those of every `@Entity` that the program
 * has imported; migrations are those of the `migrations` folders, wherever they lie below `src`.
 */
export function databaseOptions(environment: Environment): SqliteOptions {
  return {
    type: 'sqlite',
    database: databaseFile(environment),
    driver: plainDriver,
    namingStrategy: new SnakeNaming(),
    entities: getMetadataArgsStorage().tables.map(({ target }) => target),
    migrations: [join(__dirname, '..', '..', '**', 'migrations', '*.{js,ts}')],
    migrationsTableName: 'platform_migration',
    synchronize: false,
    logging: false,
  };
}

/** The same database through a connection that can only read. */
export const readOnly = (options: SqliteOptions): SqliteOptions => ({
  ...options,
  name: 'read',
  migrations: [],
  flags: sqlite3.OPEN_READONLY,
});

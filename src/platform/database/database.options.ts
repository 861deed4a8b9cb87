import { isAbsolute, join, resolve } from 'node:path';
import sqlite3 from 'sqlite3';
import { DataSourceOptions, getMetadataArgsStorage } from 'typeorm';
import { ConfigurationError, Environment } from '../environment';
import { SnakeNaming } from './snake-naming';

export const DEFAULT_DATABASE_URL = 'sqlite:./data/bookshelf.db';

export type SqliteOptions = Extract<DataSourceOptions, { type: 'sqlite' }>;
export type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;
export type DatabaseOptions = SqliteOptions | PostgresOptions;

/** How long to wait for a server that does not answer, in milliseconds. */
const CONNECT_TIMEOUT = 5_000;

/** So many queries are answered side by side by PostgreSQL. */
const READERS = 10;

/**
 * TypeORM calls `verbose()` on the driver, which keeps a stack trace for each statement and costs a fifth of the speed.
 * This is the same driver with a `verbose()` that changes nothing.
 */
const plainDriver = { ...sqlite3, verbose: () => sqlite3 };

/** Where the database is: a file of SQLite's, or a server of PostgreSQL's. */
export type Place = { readonly file: string } | { readonly url: URL };

/**
 * Reads DATABASE_URL.
 * @throws ConfigurationError when it is neither `sqlite:<file>` nor `postgres://<user>@<host>/<database>`
 */
export function databasePlace(environment: Environment): Place {
  const url = environment.text('DATABASE_URL', DEFAULT_DATABASE_URL);
  if (/^postgres(ql)?:/.test(url)) return { url: postgresUrl(url) };
  const file = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (!file || file === ':memory:') {
    // A database in memory cannot be shared by the writing and the reading connection.
    throw new ConfigurationError(
      `DATABASE_URL must be sqlite:<file>, such as ${DEFAULT_DATABASE_URL}, or ${POSTGRES_URL}, not "${withoutPassword(url)}"`,
    );
  }
  return { file: isAbsolute(file) ? file : resolve(file) };
}

const POSTGRES_URL = 'postgres://<user>:<password>@<host>/<database>';

function postgresUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.pathname.length < 2) {
    throw new ConfigurationError(`DATABASE_URL must be ${POSTGRES_URL}, not "${withoutPassword(text)}"`);
  }
  return url;
}

export const withoutPassword = (url: string) => url.replace(/(\/\/[^:@/]*):[^@]*@/, '$1:***@');

/** The database in words that may be shown to anybody: a file, or a URL without its password. */
export function databaseName(environment: Environment): string {
  const place = databasePlace(environment);
  return 'file' in place ? place.file : withoutPassword(place.url.href);
}

/**
 * What files about the database are called that belong to this machine. They stand beside a file of SQLite's; those about a
 * server stand in DATA_DIR (`./data`).
 */
export function besideDatabase(environment: Environment): string {
  const place = databasePlace(environment);
  if ('file' in place) return place.file;
  const { hostname, port, pathname } = place.url;
  const name = ['postgres', decodeURIComponent(hostname), port, decodeURIComponent(pathname)].join('-');
  return resolve(environment.text('DATA_DIR', './data'), name.replace(/[^\w.-]+/g, '_'));
}

/**
 * The one place that turns DATABASE_URL into TypeORM's options. Tables are those of every `@Entity` that the program
 * has imported; migrations are those of the `migrations` folders, wherever they lie below `src`.
 */
export function databaseOptions(environment: Environment): DatabaseOptions {
  const place = databasePlace(environment);
  const shared = {
    namingStrategy: new SnakeNaming(),
    entities: getMetadataArgsStorage().tables.map(({ target }) => target),
    migrations: [join(__dirname, '..', '..', '**', 'migrations', '*.{js,ts}')],
    migrationsTableName: 'platform_migration',
    synchronize: false,
    logging: false,
  };
  if ('file' in place) return { ...shared, type: 'sqlite', database: place.file, driver: plainDriver };
  return {
    ...shared,
    type: 'postgres',
    url: place.url.href,
    applicationName: 'bookshelf',
    connectTimeoutMS: CONNECT_TIMEOUT,
    installExtensions: false,
    // What the writer needs: TypeORM looks at the server through the pool, before and after.
    poolSize: 2,
    extra: KEEP_ALIVE,
  };
}

/** A connection that nobody answers on is noticed, also by statements that are waited for as long as it takes. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/** The same database through connections that can only read. */
export function readOnly(options: DatabaseOptions): DatabaseOptions {
  const reading = { name: 'read', migrations: [] };
  if (options.type === 'sqlite') return { ...options, ...reading, flags: sqlite3.OPEN_READONLY };
  const extra = { ...KEEP_ALIVE, options: '-c default_transaction_read_only=on' };
  return { ...options, ...reading, poolSize: READERS, extra };
}

import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { Client } from 'pg';

/** Whether this test is about a shop on PostgreSQL. */
export const isOnPostgres = (): boolean => process.env.TEST_DATABASE === 'postgres';

const made = new Set<string>();

/**
 * The database of the shop in this folder, as DATABASE_URL: the same that a `Bookshelf` opens there. On PostgreSQL it is made
 * when it is asked for first.
 */
export function databaseIn(folder: string): string {
  if (!isOnPostgres()) return `sqlite:${join(folder, 'shop.db')}`;
  const url = urlOf(folder);
  if (!made.has(url)) {
    // Those who ask cannot wait for a connection of their own.
    execFileSync(process.execPath, ['-e', MAKE, nameOf(folder)], { cwd: join(__dirname, '..', '..') });
    made.add(url);
  }
  return url;
}

/** The same for those who can wait, which is quicker. */
export async function makeDatabase(folder: string): Promise<string> {
  const url = urlOf(folder);
  if (isOnPostgres() && !made.has(url)) {
    const client = new Client({ connectionString: process.env.TEST_POSTGRES_URL });
    await client.connect();
    await client
      .query(`CREATE DATABASE "${nameOf(folder)}"`)
      .catch(unlessThere)
      .finally(() => client.end());
    made.add(url);
  }
  return databaseIn(folder);
}

const nameOf = (folder: string) => basename(folder);

function urlOf(folder: string): string {
  const url = new URL(process.env.TEST_POSTGRES_URL ?? 'postgres:///');
  url.pathname = `/${nameOf(folder)}`;
  return url.href;
}

function unlessThere(error: Error & { code?: string }): void {
  if (error.code !== '42P04') throw error;
}

const MAKE = `
  const client = new (require('pg').Client)({ connectionString: process.env.TEST_POSTGRES_URL });
  client.connect()
    .then(() => client.query('CREATE DATABASE "' + process.argv[1] + '"'))
    .catch((error) => { if (error.code !== '42P04') throw error; })
    .then(() => client.end())`;

/** A test of what can only happen to a file of SQLite's. */
export const itOnSqlite = isOnPostgres() ? it.skip : it;

/** A test of what can only happen to a server of PostgreSQL's. */
export const itOnPostgres = isOnPostgres() ? it : it.skip;

/** How the database refuses a value that a unique key knows already. */
export const REFUSED_AS_DOUBLE = isOnPostgres() ? /duplicate key value/ : /UNIQUE constraint failed/;

/** The number of a table's row in the order in which they were added, as SQL: what SQLite counts itself. */
export const ROW_NUMBER = isOnPostgres() ? 'ctid' : 'rowid';

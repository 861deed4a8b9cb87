import { Database, OPEN_READONLY, type Statement } from 'sqlite3';
import { BUSY_TIMEOUT, DatabaseError, Parameter, ReadingConnection, Statements, WritingConnection } from './connection';
import { SQLITE } from './dialect';

const KEPT_STATEMENTS = 256;

/**
 * One connection of the `sqlite3` driver with promises and prepared statements, which are kept: preparing one costs as
 * much as running it. Parameters are `$1`, `$2`, ..., as PostgreSQL writes them.
 */
export class SqliteConnection implements ReadingConnection, WritingConnection {
  readonly dialect = SQLITE;
  private readonly statements = new Map<string, Promise<Statement>>();

  constructor(private readonly database: Database) {}

  /** Opens a file that is there. */
  static openToRead(file: string): Promise<SqliteConnection> {
    return new Promise((resolve, reject) => {
      const database: Database = new Database(file, OPEN_READONLY, (error) =>
        error ? reject(wrap(error, 'open')) : resolve(new SqliteConnection(database)),
      );
      database.configure('busyTimeout', BUSY_TIMEOUT);
    });
  }

  /** @returns the rows, each an object by column name */
  async all<Row>(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    const statement = await this.prepared(sql);
    return new Promise((resolve, reject) => {
      statement.all<Row>(parameters, (error, rows) => (error ? reject(wrap(error, sql)) : resolve(rows)));
    });
  }

  /** @returns how many rows the statement changed */
  async run(sql: string, parameters: readonly Parameter[] = []): Promise<number> {
    const statement = await this.prepared(sql);
    return new Promise((resolve, reject) => {
      statement.run(parameters, function (error) {
        if (error) reject(wrap(error, sql));
        else resolve(this.changes);
      });
    });
  }

  /** Statements that are run once: pragmas and table definitions. */
  exec(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.database.exec(sql, (error) => (error ? reject(wrap(error, sql)) : resolve()));
    });
  }

  /** Waits for another process that is writing, as a transaction that only wants to write later would not. */
  async begin(): Promise<void> {
    await this.run('BEGIN IMMEDIATE');
  }

  async commit(): Promise<void> {
    await this.run('COMMIT');
  }

  async rollBack(): Promise<void> {
    try {
      await this.run('ROLLBACK');
    } catch (error) {
      // SQLite may have done it by itself, and says then that there is nothing to roll back.
      if (!/no transaction is active/.test(String(error))) throw error;
    }
  }

  async beginAnew(): Promise<void> {
    const before = await this.writesOfOthers();
    await this.rollBack();
    await this.begin();
    if ((await this.writesOfOthers()) !== before) {
      throw new Error('another program has written in between, so what was read may not be true any more');
    }
  }

  async writesOfOthers(): Promise<number> {
    const [{ version }] = await this.all<{ version: number }>(
      'SELECT data_version AS version FROM pragma_data_version',
    );
    return version;
  }

  async apart<T>(work: (connection: Statements) => Promise<T>): Promise<T> {
    const [{ file }] = await this.all<{ file: string }>(`SELECT file FROM pragma_database_list WHERE name = 'main'`);
    const connection = await SqliteConnection.openToRead(file);
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  /** Lets go of the prepared statements, without which the driver refuses to close. */
  async release(): Promise<void> {
    const statements = [...this.statements.values()];
    this.statements.clear();
    for (const statement of statements) {
      const open = await statement.catch(() => undefined);
      if (open) await new Promise<void>((resolve) => open.finalize(() => resolve()));
    }
  }

  /** Closes the connection, whatever is open on it: a transaction is rolled back. */
  async close(): Promise<void> {
    await this.release();
    await new Promise<void>((resolve, reject) => {
      this.database.close((error) => (error ? reject(wrap(error, 'close')) : resolve()));
    });
  }

  private prepared(sql: string): Promise<Statement> {
    const kept = this.statements.get(sql);
    if (kept) return kept;
    const statement = new Promise<Statement>((resolve, reject) => {
      const made = this.database.prepare(numbered(sql), (error: Error | null) =>
        error ? reject(wrap(error, sql)) : resolve(made),
      );
    });
    this.statements.set(sql, statement);
    statement.catch(() => this.statements.delete(sql));
    if (this.statements.size > KEPT_STATEMENTS) this.forgetOldest();
    return statement;
  }

  private forgetOldest(): void {
    const [sql, statement] = this.statements.entries().next().value!;
    this.statements.delete(sql);
    // The driver waits for a statement that is still running before it finalizes it.
    void statement.then((open) => open.finalize());
  }
}

/** SQLite counts `$1` as a name, and names in the order of their first use; `?1` is the first parameter anywhere. */
const numbered = (sql: string) => sql.replace(/\$(\d+)/g, '?$1');

const wrap = (error: Error & { code?: string }, sql: string) =>
  new DatabaseError(error.code ?? 'SQLITE_ERROR', error.message, sql);

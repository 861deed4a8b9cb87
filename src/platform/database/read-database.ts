import { Parameter, ReadingConnection, Statements } from './connection';
import { Dialect } from './dialect';

/**
 * The database as queries see it: what is committed, and nothing else. Never waits for a writer, and cannot write.
 * Parameters are `$1`, `$2`, ...
 */
export class ReadDatabase {
  constructor(private readonly connection: ReadingConnection) {}

  get dialect(): Dialect {
    return this.connection.dialect;
  }

  /** @returns every row that the statement finds, with the names of its columns */
  all<Row>(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    return this.connection.all<Row>(sql, parameters);
  }

  /** @returns the first row that the statement finds, if any */
  async first<Row>(sql: string, parameters: readonly Parameter[] = []): Promise<Row | undefined> {
    return (await this.connection.all<Row>(sql, parameters))[0];
  }

  /** Does what takes long through a connection of its own, which is new and closed afterwards. */
  apart<T>(work: (connection: Statements) => Promise<T>): Promise<T> {
    return this.connection.apart(work);
  }
}

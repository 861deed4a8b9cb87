import { DataSource } from 'typeorm';
import { SqliteConnection } from './sqlite-connection';
import { connectionOf, guardWriter, WriterGuard } from './sqlite-source';
import { Tables } from './tables';

/** The two connections to the database: one writes, through the lane and nowhere else; the other only reads. */
export class Database {
  readonly writer: SqliteConnection;
  readonly reader: SqliteConnection;
  readonly tables: Tables;

  constructor(
    readonly source: DataSource,
    private readonly readSource: DataSource,
  ) {
    this.writer = connectionOf(source);
    this.reader = connectionOf(readSource);
    this.tables = new Tables(source);
  }

  /** From now on TypeORM's own repositories go through `guard` as well. */
  guard(guard: WriterGuard): void {
    guardWriter(this.source, this.readSource, guard);
  }

  /** Lets go of prepared statements, so that the connections can be closed. */
  async release(): Promise<void> {
    await this.writer.release();
    await this.reader.release();
  }
}

import { DataSource } from 'typeorm';
import { ReadingConnection, WritingConnection } from './connection';
import { readerOf, writerOf } from './sources';
import { Tables } from './tables';
import { guardWriter, WriterGuard } from './writer-guard';

/** The two connections to the database: one writes, through the lane and nowhere else; the other only reads. */
export class Database {
  readonly writer: WritingConnection;
  readonly reader: ReadingConnection;
  readonly tables: Tables;

  constructor(
    readonly source: DataSource,
    private readonly readSource: DataSource,
  ) {
    this.writer = writerOf(source);
    this.reader = readerOf(readSource);
    this.tables = new Tables(source, this.writer.dialect);
    closeAfter(source, async () => {
      await this.beforeClose();
      await this.writer.release();
    });
    closeAfter(readSource, () => this.reader.release());
  }

  /** Lets what is under way come to its end. */
  beforeClose: () => Promise<void> = async () => undefined;

  /** From now on TypeORM's own repositories go through `guard` as well. */
  guard(guard: WriterGuard): void {
    guardWriter(this.source, this.readSource, guard);
  }
}

/** TypeORM closes its connections when Nest shuts down; the driver refuses while prepared statements are open. */
function closeAfter(source: DataSource, before: () => Promise<void>): void {
  const destroy = source.destroy.bind(source);
  source.destroy = async () => {
    await before();
    await destroy();
  };
}

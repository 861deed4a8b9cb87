import sqlite3 from 'sqlite3';

/** The database of a program, which is read beside it. */
export interface Database {
  readonly url: string;
  rows<Row>(sql: string): Promise<Row[]>;
  /** Ends the reading. */
  close(): Promise<void>;
  /** Removes it when the program has ended, unless it goes with the program's folder. */
  drop?(): Promise<void>;
}

/** A file of SQLite, which is opened when it is read: the program makes it. */
export class SqliteFile implements Database {
  readonly url: string;
  private reader: sqlite3.Database | undefined;

  constructor(private readonly file: string) {
    this.url = `sqlite:${file}`;
  }

  rows<Row>(sql: string): Promise<Row[]> {
    const reader = (this.reader ??= new sqlite3.Database(this.file, sqlite3.OPEN_READONLY));
    return new Promise((resolve, reject) => {
      reader.all<Row>(sql, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
  }

  async close(): Promise<void> {
    const { reader } = this;
    if (reader) await new Promise((resolve) => reader.close(resolve));
  }
}

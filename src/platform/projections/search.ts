import { QueryRunner, TableColumn } from 'typeorm';

/** The number of a row, which the index of its words knows it by. */
const ROW = 'search_row';

/**
 * The beginnings of words that have an index of their own. A beginning of any other length is looked for in all words that
 * have it, with all their rows, before the first row is shown.
 */
const BEGINNINGS = '1 2 3 4 5 6 7 8 9 10 11 12';

/**
 * The index of the words in a column of a projection's table: SQLite's FTS5, which keeps no copy of the text (`content=''`).
 * Triggers keep it in step with the table, so whoever writes a row need not know of it.
 */
export class Search {
  constructor(
    private readonly table: string,
    private readonly column: string,
    private readonly keys: readonly string[],
  ) {}

  static nameFor(table: string): string {
    return `${table}_search`;
  }

  /** What makes it another one. */
  get shape(): string[] {
    return ['search', this.column, BEGINNINGS];
  }

  /** The table's columns with the number. It is the primary key, as `VACUUM` leaves only those numbers as they are. */
  numbered(columns: readonly TableColumn[]): TableColumn[] {
    const number = new TableColumn({ name: ROW, type: 'integer', isPrimary: true });
    const others = columns.map((column) => Object.assign(column.clone(), { isPrimary: false }));
    return [number, ...others];
  }

  async create(runner: QueryRunner, suffix: string): Promise<void> {
    const table = `${this.table}${suffix}`;
    await runner.query(`CREATE UNIQUE INDEX ${table}_key ON ${table} (${this.keys.join(', ')})`);
    await runner.query(
      `CREATE VIRTUAL TABLE ${Search.nameFor(table)} USING fts5(
         words, content = '', contentless_delete = 1, prefix = '${BEGINNINGS}', tokenize = 'unicode61 remove_diacritics 2')`,
    );
    await this.createTriggers(runner, suffix);
  }

  /** What was built beside the present ones is about to be renamed. */
  async letGo(runner: QueryRunner, suffix: string): Promise<void> {
    for (const event of Object.keys(this.triggers(''))) {
      await runner.query(`DROP TRIGGER ${this.table}${suffix}_${event}`);
    }
  }

  /** The table has its name; now the index gets its own. */
  async takeOver(runner: QueryRunner, suffix: string): Promise<void> {
    const built = `${this.table}${suffix}`;
    await runner.query(`DROP INDEX ${built}_key`);
    await runner.query(`CREATE UNIQUE INDEX ${this.table}_key ON ${this.table} (${this.keys.join(', ')})`);
    await runner.query(`ALTER TABLE ${Search.nameFor(built)} RENAME TO ${Search.nameFor(this.table)}`);
    await this.createTriggers(runner, '');
  }

  private async createTriggers(runner: QueryRunner, suffix: string): Promise<void> {
    for (const [event, what] of Object.entries(this.triggers(suffix))) {
      await runner.query(`CREATE TRIGGER ${this.table}${suffix}_${event} ${what}`);
    }
  }

  private triggers(suffix: string): Record<string, string> {
    const { column } = this;
    const table = `${this.table}${suffix}`;
    const index = Search.nameFor(table);
    return {
      inserted: `AFTER INSERT ON ${table} BEGIN
        INSERT INTO ${index} (rowid, words) VALUES (new.${ROW}, new.${column}); END`,
      updated: `AFTER UPDATE OF ${column} ON ${table} WHEN new.${column} IS NOT old.${column} BEGIN
        UPDATE ${index} SET words = new.${column} WHERE rowid = old.${ROW}; END`,
      deleted: `AFTER DELETE ON ${table} BEGIN
        DELETE FROM ${index} WHERE rowid = old.${ROW}; END`,
    };
  }
}

/** Where the SQL of the two databases differs. What is not in here is written so that both understand it. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** After a statement that failed, the transaction is as it was before, and can go on. */
  readonly forgives: boolean;
  /** The elements of the JSON array `$1`, as the rows of `wanted`. */
  readonly wanted: string;
  /** What a whole number of up to 2^53 is stored as. */
  readonly integer: string;
  /** What fails in a database that takes nothing in, and changes nothing. */
  readonly isWritable: string;
  /** Answers the names of all tables in a column `name`, in their order. */
  readonly tables: string;
  /** Answers all columns of all tables, as `"table"` and `name`. */
  readonly columns: string;
  /** Answers the names of everything that a new table's name must differ from, in lower case. */
  readonly relations: string;
  /**
   * @param at which member of the array that `wanted.value` is; the value itself where it is undefined
   * @param type the declared type of the column that it is for or compared with
   */
  member(at: number | undefined, type: string): string;
  /** Turns an `INSERT` into one that adds the rows which fit, and leaves the others out. */
  whatFits(insert: string): string;
}

export const SQLITE: Dialect = {
  name: 'sqlite',
  forgives: true,
  wanted: 'json_each($1) AS wanted',
  integer: 'integer',
  isWritable: 'SELECT 1',
  tables: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  columns: `SELECT owner.name AS "table", part.name FROM sqlite_schema owner, pragma_table_info(owner.name) part
    WHERE owner.type = 'table'`,
  relations: 'SELECT lower(name) AS name FROM sqlite_schema',
  member: (at) => (at === undefined ? 'wanted.value' : `json_extract(wanted.value, '$[${at}]')`),
  whatFits: (insert) => insert.replace('INSERT', 'INSERT OR IGNORE'),
};

/** Text needs no cast: it is what a member of a JSON array is read as. */
const CASTS: Readonly<Record<string, string>> = { integer: '::bigint', boolean: '::boolean', real: '::float8' };

export const POSTGRES: Dialect = {
  name: 'postgres',
  forgives: false,
  wanted: 'jsonb_array_elements($1::jsonb) AS wanted(value)',
  integer: 'bigint',
  isWritable: 'SELECT 1 FROM reaction WHERE false FOR UPDATE',
  tables: `SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = current_schema AND table_type = 'BASE TABLE' ORDER BY table_name COLLATE "C"`,
  columns: `SELECT table_name AS "table", column_name AS name FROM information_schema.columns
    WHERE table_schema = current_schema`,
  relations: 'SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema::regnamespace',
  member: (at, type) => `(wanted.value ${at === undefined ? `#>> '{}'` : `->> ${at}`})${CASTS[type] ?? ''}`,
  whatFits: (insert) => `${insert} ON CONFLICT DO NOTHING`,
};

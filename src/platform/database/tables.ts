import { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { Parameter } from './connection';
import { Dialect } from './dialect';

/** The class of a table's rows, as TypeORM's `@Entity` decorates it. */
export type TableClass<Row extends object = object> = abstract new () => Row;

/** A primary key: the value of the only key column, or the values of all in their order. */
export type Key = Parameter | readonly Parameter[];

interface Column {
  readonly property: string;
  readonly name: string;
  /** As it is declared: `text`, `integer`, `boolean`, ... */
  readonly type: string;
  toDatabase(value: unknown): Parameter;
  fromDatabase(value: unknown): unknown;
}

/** A statement that changes some columns of the rows that are there, and what it takes of each row. */
export interface RowChange {
  readonly sql: string;
  readonly toDatabase: (key: Key, row: object) => Parameter[];
}

/**
 * A table with every statement that a unit of work sends to it, written once. Each write takes any number of rows as
 * one JSON text, so the same prepared statement serves one row and a thousand.
 */
export class TableShape {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly keys: readonly Column[];
  private readonly changeable: ReadonlyMap<string, Column>;

  constructor(
    metadata: EntityMetadata,
    private readonly dialect: Dialect,
    name = metadata.tableName,
  ) {
    this.name = name;
    this.columns = metadata.columns.map(columnOf);
    this.keys = metadata.primaryColumns.map(columnOf);
    this.changeable = new Map(this.others().map((column) => [column.property, column]));
  }

  keyOf(row: object): Key {
    const values = this.keys.map((key) => key.toDatabase((row as Record<string, unknown>)[key.property]));
    return values.length === 1 ? values[0] : values;
  }

  toDatabase(row: object): Parameter[] {
    return this.columns.map((column) => column.toDatabase((row as Record<string, unknown>)[column.property]));
  }

  /** The key of a row of which at least that was read. */
  keyFrom(found: Record<string, unknown>): Key {
    const values = this.keys.map(({ name }) => found[name] as string | number);
    return values.length === 1 ? values[0] : values;
  }

  fromDatabase<Row>(found: Record<string, unknown>): Row {
    return Object.fromEntries(
      this.columns.map((column) => [column.property, column.fromDatabase(found[column.name])]),
    ) as Row;
  }

  /** Finds rows by a JSON array of keys. */
  get select(): string {
    return this.once('select', () => `SELECT ${this.names()} FROM ${this.name} WHERE ${this.isWanted()}`);
  }

  /** Adds the rows of a JSON array of arrays of values. */
  get insert(): string {
    return this.once('insert', () => `INSERT INTO ${this.name} (${this.names()}) ${this.values()}`);
  }

  /** The same, but for the rows that a key refuses. Answers the keys of those that were added. */
  get insertWhatFits(): string {
    return this.once(
      'insertWhatFits',
      () => `${this.dialect.whatFits(this.insert)} RETURNING ${this.names(this.keys)}`,
    );
  }

  /** Adds what is in the JSON array, and replaces the rows whose key is there already. */
  get put(): string {
    return this.once('put', () => {
      const changes = this.others().map(({ name }) => `${name} = excluded.${name}`);
      const resolution = changes.length ? `UPDATE SET ${changes.join(', ')}` : 'NOTHING';
      return `${this.insert} WHERE true ON CONFLICT (${this.names(this.keys)}) DO ${resolution}`;
    });
  }

  /** Changes rows that still have the version after the last value of each array. */
  get update(): string {
    return this.once('update', () => {
      const at = (column: Column) =>
        this.dialect.member(
          this.columns.findIndex(({ name }) => name === column.name),
          column.type,
        );
      const changes = this.others().map((column) => `${column.name} = ${at(column)}`);
      const same = this.keys.map((key) => `${this.name}.${key.name} = ${at(key)}`);
      const version = `${this.name}.version = ${this.dialect.member(this.columns.length, 'integer')}`;
      return `UPDATE ${this.name} SET ${changes.join(', ')} FROM ${this.dialect.wanted} WHERE ${[...same, version].join(' AND ')}`;
    });
  }

  /** @throws TypeError when the table has no column for one of these properties, or it is a part of the key */
  assertChangeable(columns: object): void {
    const wrong = Object.keys(columns).find((property) => !this.changeable.has(property));
    if (wrong !== undefined) throw new TypeError(`${this.name} has no column ${wrong} that can be changed`);
  }

  /** Changes these columns, by a JSON array of what `toDatabase` makes. The same for the same columns. */
  change(columns: object): RowChange {
    const properties = Object.keys(columns).sort();
    const kind = properties.join();
    let change = this.changes.get(kind);
    if (!change) this.changes.set(kind, (change = this.newChange(properties)));
    return change;
  }

  private newChange(properties: readonly string[]): RowChange {
    const changed = properties.map((property) => this.changeable.get(property)!);
    const { dialect, keys } = this;
    const values = changed.map(({ name, type }, at) => `${name} = ${dialect.member(keys.length + at, type)}`);
    const same = keys.map(({ name, type }, at) => `${this.name}.${name} = ${dialect.member(at, type)}`);
    return {
      sql: `UPDATE ${this.name} SET ${values.join(', ')} FROM ${dialect.wanted} WHERE ${same.join(' AND ')}`,
      toDatabase: (key, row) => [
        ...(typeof key === 'object' && key !== null ? key : [key]),
        ...changed.map((column) => column.toDatabase((row as Record<string, unknown>)[column.property])),
      ],
    };
  }

  /** Removes rows by a JSON array of keys. */
  get remove(): string {
    return this.once('remove', () => `DELETE FROM ${this.name} WHERE ${this.isWanted()}`);
  }

  private readonly statements = new Map<string, string>();
  private readonly changes = new Map<string, RowChange>();

  private once(kind: string, write: () => string): string {
    let statement = this.statements.get(kind);
    if (!statement) this.statements.set(kind, (statement = write()));
    return statement;
  }

  private names(columns = this.columns): string {
    return columns.map(({ name }) => name).join(', ');
  }

  private others(): Column[] {
    return this.columns.filter(({ name }) => !this.keys.some((key) => key.name === name));
  }

  private values(): string {
    const members = this.columns.map(({ type }, at) => this.dialect.member(at, type));
    return `SELECT ${members.join(', ')} FROM ${this.dialect.wanted}`;
  }

  private isWanted(): string {
    const isOne = this.keys.length === 1;
    const wanted = this.keys.map(({ type }, at) => this.dialect.member(isOne ? undefined : at, type));
    return `(${this.names(this.keys)}) IN (SELECT ${wanted.join(', ')} FROM ${this.dialect.wanted})`;
  }
}

/** The tables of a data source by the class of their rows. */
export class Tables {
  private readonly shapes = new Map<TableClass, TableShape>();

  constructor(
    private readonly source: DataSource,
    private readonly dialect: Dialect,
  ) {}

  of(table: TableClass): TableShape {
    let shape = this.shapes.get(table);
    if (!shape) this.shapes.set(table, (shape = this.shape(table)));
    return shape;
  }

  /** The same columns in a table of another name. */
  shape(table: TableClass, name?: string): TableShape {
    return new TableShape(this.source.getMetadata(table), this.dialect, name);
  }
}

function columnOf(metadata: ColumnMetadata): Column {
  const { propertyName: property, databaseName: name } = metadata;
  const type = typeof metadata.type === 'function' ? metadata.type.name.toLowerCase() : metadata.type;
  if (type === 'boolean') {
    return { property, name, type, toDatabase: (value) => (value ? 1 : 0), fromDatabase: (value) => value === 1 };
  }
  if (type === 'simple-json') {
    return {
      property,
      name,
      type,
      toDatabase: (value) => (value === undefined || value === null ? null : JSON.stringify(value)),
      fromDatabase: (value) => (typeof value === 'string' ? (JSON.parse(value) as unknown) : undefined),
    };
  }
  return {
    property,
    name,
    type: type === 'number' ? 'integer' : type,
    toDatabase: (value) => parameter(value, `${metadata.entityMetadata.tableName}.${name}`),
    fromDatabase: (value) => value ?? undefined,
  };
}

function parameter(value: unknown, column: string): Parameter {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`column ${column} takes a string, a finite number or nothing, not ${typeof value}`);
}

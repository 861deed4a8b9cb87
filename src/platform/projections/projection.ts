import { Column as TypeOrmColumn, Entity, Index, PrimaryColumn } from 'typeorm';

export { Projection } from '../reactions/reaction.decorator';

type Kind = 'text' | 'integer' | 'boolean' | 'simple-json';

/**
 * A table that a projection builds. The platform makes it, so it needs no migration; its rows can always be made
 * again from the log. Columns are named after the properties, in snake case.
 */
export const ReadTable =
  (name: string): ClassDecorator =>
  (table) => {
    readTables.add(table);
    Entity(name, { synchronize: false })(table);
  };

const readTables = new WeakSet<object>();

/** Whether the platform may make the table, and remove it: any other belongs to somebody who cannot make it again. */
export const isReadTable = (table: unknown): boolean => readTables.has(table as object);

/** The column, or one of the columns, that the rows are found by. */
export const Key = (kind?: Kind) => column(kind, (type) => PrimaryColumn(type));

/**
 * A column. Integers hold money in minor units, and times as milliseconds.
 * @param kind only where the property is no plain `number`, `boolean` or `string`
 */
export const Column = (kind?: Kind) => column(kind, (type) => TypeOrmColumn(type));

/** A column whose value may be missing. */
export const OptionalColumn = (kind?: Kind) => column(kind, (type) => TypeOrmColumn(type, { nullable: true }));

/** An index over these properties, for a query that is asked often. */
export const IndexOn = (name: string, ...properties: string[]) => Index(name, properties);

/**
 * An index of the words in a column, for a query that searches: `<table>_search`, whose `rowid` is the table's `search_row`.
 * The column holds what `wordsIn` has made of the text; a query asks for what `everyWordOf` has made of what was typed.
 */
export const SearchOn =
  (property: string): ClassDecorator =>
  (table) =>
    void searched.set(table, property);

const searched = new WeakMap<object, string>();

/** @returns the property whose words are indexed, if any */
export const searchedProperty = (table: unknown): string | undefined => searched.get(table as object);

const KINDS = new Map<unknown, Kind>([
  [Number, 'integer'],
  [Boolean, 'boolean'],
  [String, 'text'],
]);

/** SQLite takes anything in any column, and hands it back as what the column is made for: 1 as '1'. */
function column(given: Kind | undefined, decorator: (kind: Kind) => PropertyDecorator): PropertyDecorator {
  return (row, property) => {
    const type = Reflect.getMetadata('design:type', row, property) as { name: string } | undefined;
    const fitting = KINDS.get(type);
    const name = `${row.constructor.name}.${String(property)}`;
    if (!given && !fitting) {
      throw new Error(`${name} is of no type that tells how it is stored: say it, as in @Column('simple-json')`);
    }
    if (given && fitting && given !== fitting && given !== 'simple-json') {
      throw new Error(`${name} is a ${type!.name.toLowerCase()}, so its column is '${fitting}' and not '${given}'`);
    }
    decorator(given ?? fitting!)(row, property);
  };
}

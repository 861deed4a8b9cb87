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
export const Key = (kind: Kind = 'text') => PrimaryColumn(kind);

/** A column. Integers hold money in minor units, and times as milliseconds. */
export const Column = (kind: Kind = 'text') => TypeOrmColumn(kind);

/** A column whose value may be missing. */
export const OptionalColumn = (kind: Kind = 'text') => TypeOrmColumn(kind, { nullable: true });

/** An index over these properties, for a query that is asked often. */
export const IndexOn = (name: string, ...properties: string[]) => Index(name, properties);

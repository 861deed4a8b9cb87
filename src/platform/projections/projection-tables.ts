import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { QueryRunner, Table, TableColumn, TableIndex } from 'typeorm';
import { Database } from '../database/database';
import { TableClass, TableShape } from '../database/tables';
import { ReactionDefinition } from '../reactions/reaction-definition';
import { isReadTable, searchedProperty } from './projection';
import { Search } from './search';

/** What the tables of a projection are called while they are built anew beside the old ones. */
const NEXT = '__next';

/** So long new tables wait for the readers of the old ones, in milliseconds. */
const SWAP_TIMEOUT = 200;

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

type Projection = Pick<ReactionDefinition, 'name' | 'formerly' | 'tables' | 'handler'>;

/** Makes, replaces and compares the tables of projections. What changes them is called in a unit of work. */
@Injectable()
export class ProjectionTables {
  constructor(private readonly database: Database) {}

  /** @returns a fingerprint of the tables' columns and indexes: when it changes, the tables have to be built anew */
  shapeOf(tables: readonly TableClass[]): string {
    const described = tables.map((table) => {
      const { name, columns, indices } = this.describe(table);
      return [
        name,
        columns.map((column) => [column.name, column.type, column.isNullable, column.isPrimary]),
        indices.map((index) => [index.name, index.columnNames, index.isUnique]),
        ...(this.searchOf(table)?.shape ?? []),
      ];
    });
    return createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 16);
  }

  /**
   * What is made here may be removed here, so each table has to be the projection's own.
   * @returns what is wrong with the tables, as sentences; nothing when all is well
   */
  async complaints(projections: readonly Projection[]): Promise<string[]> {
    const entities = new Set(
      this.database.source.entityMetadatas
        .filter(({ target }) => !isReadTable(target))
        .map(({ tableName }) => tableName.toLowerCase()),
    );
    const made = await this.made();
    const { reader } = this.database;
    const present = await reader.all<{ name: string }>(reader.dialect.relations);
    const owners = new Map<string, string>();
    return projections.flatMap((projection) => {
      const { name, formerly, tables, handler } = projection;
      return tables.flatMap((table) => {
        const who = `${handler.constructor.name} (${name})`;
        if (!isReadTable(table)) return [`${who} has ${table.name} among its tables, which is no @ReadTable`];
        const own = this.nameOf(table);
        const prefixes = [name, ...formerly].map(prefixOf);
        const other = owners.get(own);
        owners.set(own, who);
        if (other) return [`${who} and ${other} both have the table '${own}': give each a table of its own`];
        if (!SNAKE_CASE.test(own) || !prefixes.some((prefix) => own.startsWith(prefix))) {
          return [`${who} has the table '${own}': call it '${prefixes[0]}...', in snake case`];
        }
        const taken = [own, `${own}${NEXT}`].find((one) => entities.has(one));
        if (taken) return [`${who} has the table '${own}', but '${taken}' is no projection's: call it something else`];
        if (isMadeBy(projection, own, made)) return [];
        const there = [own, `${own}${NEXT}`].find((one) => present.some((thing) => thing.name === one));
        if (!there) return [];
        const maker = [...made].find(([, names]) => names?.includes(own))?.[0];
        const way = maker
          ? `${maker} has made it, so declare that in \`formerly\` if this one replaces it; otherwise`
          : `no projection has made it, so`;
        return [`${who} has the table '${own}', but '${there}' is in the database: ${way} call it something else`];
      });
    });
  }

  nameOf(table: TableClass): string {
    return this.database.source.getMetadata(table).tableName;
  }

  /**
   * Makes the tables, empty.
   * @param made the names of those that the projection has made before, which are removed if they are to be made again
   */
  async create(tables: readonly TableClass[], made: readonly string[]): Promise<void> {
    const again = tables.filter((table) => made.includes(this.nameOf(table)));
    await this.drop(again, '');
    for (const table of tables) await this.make(table, '');
  }

  /** Makes empty tables beside the present ones. @returns them, to be filled in the others' stead */
  async createNext(tables: readonly TableClass[]): Promise<Map<TableClass, TableShape>> {
    const standIns = new Map<TableClass, TableShape>();
    await this.dropNext(tables);
    for (const table of tables) {
      const name = await this.make(table, NEXT);
      standIns.set(table, this.database.tables.shape(table, name));
    }
    return standIns;
  }

  /** The tables built beside the present ones take their place. */
  async swap(tables: readonly TableClass[]): Promise<void> {
    const runner = this.database.source.createQueryRunner();
    const { dialect } = this.database.writer;
    // Whoever reads for long holds the present tables, and everybody else waits behind this: better it tries again later.
    if (dialect.name === 'postgres') await runner.query(`SET LOCAL lock_timeout = ${SWAP_TIMEOUT}`);
    for (const table of tables) {
      const { name, indices } = this.describe(table);
      const search = this.searchOf(table);
      await search?.letGo(runner, NEXT);
      await this.remove(runner, name);
      await runner.query(`ALTER TABLE ${name}${NEXT} RENAME TO ${name}`);
      // PostgreSQL names the index of a key after the table.
      if (dialect.name === 'postgres') await runner.query(`ALTER INDEX ${name}${NEXT}_pkey RENAME TO ${name}_pkey`);
      for (const index of indices) {
        await runner.query(`DROP INDEX ${index.name}${NEXT}`);
        await runner.query(createIndex(index, name, index.name!));
      }
      await search?.takeOver(runner, NEXT);
    }
  }

  /** Removes what an interrupted rebuild has left. */
  async dropNext(tables: readonly TableClass[]): Promise<void> {
    await this.drop(tables, NEXT);
  }

  /** For each reaction that is stored, the tables it has made; `null` where an older program has not said which. */
  private async made(): Promise<Map<string, string[] | null>> {
    const rows = await this.database.reader.all<{ name: string; tables: string | null }>(
      'SELECT name, tables FROM reaction WHERE shape IS NOT NULL',
    );
    return new Map(rows.map(({ name, tables }) => [name, tables === null ? null : (JSON.parse(tables) as string[])]));
  }

  private async drop(tables: readonly TableClass[], suffix: string): Promise<void> {
    const runner = this.database.source.createQueryRunner();
    for (const table of tables) await this.remove(runner, `${this.nameOf(table)}${suffix}`);
  }

  /** Its indexes and triggers go with it; the index of its words may be of a time when it had one. */
  private async remove(runner: QueryRunner, name: string): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS ${name}`);
    await runner.query(`DROP TABLE IF EXISTS ${Search.nameFor(name)}`);
  }

  private async make(table: TableClass, suffix: string): Promise<string> {
    const runner = this.database.source.createQueryRunner();
    const { name, columns, indices } = this.describe(table);
    const search = this.searchOf(table);
    const keys = columns.filter(({ isPrimary }) => isPrimary).map((column) => column.name);
    const lines = [
      ...columns.map((column) => this.columnOf(column)),
      ...(search ? [] : [`PRIMARY KEY (${keys.join(', ')})`]),
    ];
    await runner.query(`CREATE TABLE ${name}${suffix} (${[...(search ? [search.number] : []), ...lines].join(', ')})`);
    for (const index of indices) {
      await runner.query(createIndex(index, `${name}${suffix}`, `${index.name}${suffix}`));
    }
    await search?.create(runner, suffix);
    return `${name}${suffix}`;
  }

  private columnOf({ name, type, isNullable }: TableColumn): string {
    const { integer } = this.database.writer.dialect;
    return `${name} ${type === 'integer' ? integer : type}${isNullable ? '' : ' NOT NULL'}`;
  }

  private searchOf(table: TableClass): Search | undefined {
    const property = searchedProperty(table);
    const metadata = this.database.source.getMetadata(table);
    const column = metadata.findColumnWithPropertyName(property ?? '')?.databaseName;
    if (!property) return undefined;
    if (!column) throw new Error(`${metadata.targetName} has no column '${property}' to search in`);
    return new Search(
      this.database.writer.dialect,
      metadata.tableName,
      column,
      metadata.primaryColumns.map(({ databaseName }) => databaseName),
    );
  }

  private describe(table: TableClass): Table {
    return Table.create(this.database.source.getMetadata(table), this.database.source.driver);
  }
}

/** What the names of a context's tables begin with. */
const prefixOf = (reaction: string) => `${reaction.split('.')[0].replaceAll('-', '_')}_`;

/** A reaction that goes by another name now keeps what it has made. */
const isMadeBy = ({ name, formerly }: Projection, table: string, made: ReadonlyMap<string, string[] | null>) =>
  [name, ...formerly].some((one) => made.get(one) === null || made.get(one)?.includes(table));

const createIndex = ({ columnNames, isUnique }: TableIndex, table: string, name: string) =>
  `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX ${name} ON ${table} (${columnNames.join(', ')})`;

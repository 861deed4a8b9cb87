import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Table, TableIndex } from 'typeorm';
import { Database } from '../database/database';
import { TableClass, TableShape } from '../database/tables';

/** What the tables of a projection are called while they are built anew beside the old ones. */
const NEXT = '__next';

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
      ];
    });
    return createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 16);
  }

  /** Makes the tables, empty. Those that are there already are removed. */
  async create(tables: readonly TableClass[]): Promise<void> {
    for (const table of tables) await this.make(table, '');
  }

  /** Makes empty tables beside the present ones. @returns them, to be filled in the others' stead */
  async createNext(tables: readonly TableClass[]): Promise<Map<TableClass, TableShape>> {
    const standIns = new Map<TableClass, TableShape>();
    for (const table of tables) {
      const name = await this.make(table, NEXT);
      standIns.set(table, new TableShape(this.database.source.getMetadata(table), name));
    }
    return standIns;
  }

  /** The tables built beside the present ones take their place. */
  async swap(tables: readonly TableClass[]): Promise<void> {
    const runner = this.database.source.createQueryRunner();
    for (const table of tables) {
      const { name, indices } = this.describe(table);
      await runner.query(`DROP TABLE IF EXISTS ${name}`);
      await runner.query(`ALTER TABLE ${name}${NEXT} RENAME TO ${name}`);
      for (const index of indices) {
        await runner.query(`DROP INDEX ${index.name}${NEXT}`);
        await runner.query(createIndex(index, name, index.name!));
      }
    }
  }

  /** Removes what an interrupted rebuild has left. */
  async dropNext(tables: readonly TableClass[]): Promise<void> {
    const runner = this.database.source.createQueryRunner();
    for (const table of tables) await runner.query(`DROP TABLE IF EXISTS ${this.describe(table).name}${NEXT}`);
  }

  private async make(table: TableClass, suffix: string): Promise<string> {
    const runner = this.database.source.createQueryRunner();
    const { name, columns, indices } = this.describe(table);
    await runner.query(`DROP TABLE IF EXISTS ${name}${suffix}`);
    await runner.createTable(new Table({ name: `${name}${suffix}`, columns }));
    for (const index of indices) {
      await runner.query(createIndex(index, `${name}${suffix}`, `${index.name}${suffix}`));
    }
    return `${name}${suffix}`;
  }

  private describe(table: TableClass): Table {
    return Table.create(this.database.source.getMetadata(table), this.database.source.driver);
  }
}

const createIndex = ({ columnNames, isUnique }: TableIndex, table: string, name: string) =>
  `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX ${name} ON ${table} (${columnNames.join(', ')})`;

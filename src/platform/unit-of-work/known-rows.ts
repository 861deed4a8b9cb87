import { Key, TableShape } from '../database/tables';
import { nameOf } from './write-set';

type Row = Readonly<Record<string, unknown>>;

/** More than a group of commands or a batch of events asks for again; a back-fill that reads on and on keeps no more. */
const MOST = 1000;

/**
 * What a transaction has read of rows, as the database has them, so that none is asked for twice: a batch of events often
 * asks for one and the same. Whatever may have changed a row forgets all of them.
 */
export class KnownRows {
  private readonly tables = new Map<TableShape, Map<string, Row | undefined>>();
  private size = 0;
  private times = 0;

  /** How often all was forgotten. An answer counts as long as nothing was since it was asked for. */
  get asOf(): number {
    return this.times;
  }

  forget(): void {
    this.times++;
    if (this.size === 0) return;
    this.tables.clear();
    this.size = 0;
  }

  /** @returns those rows among these keys that exist; undefined when of one it is not known */
  of(shape: TableShape, keys: readonly Key[]): Row[] | undefined {
    const rows = this.tables.get(shape);
    if (!rows) return undefined;
    const found: Row[] = [];
    for (const key of keys) {
      const name = nameOf(key);
      const row = rows.get(name);
      if (row) found.push(row);
      else if (!rows.has(name)) return undefined;
    }
    return found;
  }

  /** @param asOf when these keys were asked for */
  learn(shape: TableShape, keys: readonly Key[], found: readonly Row[], asOf: number): void {
    if (asOf !== this.times || this.size + keys.length > MOST) return;
    const named = new Map<string, Row | undefined>(keys.map((key) => [nameOf(key), undefined]));
    for (const row of found) {
      const name = nameOf(shape.keyFrom(row));
      // The database takes "1" for 1 where it compares numbers, and says what it has.
      if (!named.has(name)) return;
      named.set(name, row);
    }
    const rows = this.tables.get(shape) ?? new Map<string, Row | undefined>();
    this.tables.set(shape, rows);
    for (const [name, row] of named) rows.set(name, row);
    this.size += named.size;
  }
}

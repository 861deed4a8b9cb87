import { Key, TableShape } from '../database/tables';

/** Somebody else has changed the row since it was loaded. Loading it again and deciding anew is always right. */
export class VersionConflict extends Error {
  constructor(table: string) {
    super(`a row of ${table} was changed by somebody else meanwhile`);
    this.name = 'VersionConflict';
  }
}

/** The error to throw when a unique key refuses the row. */
export type Conflict = () => Error;

export type Pending =
  | { readonly kind: 'insert'; readonly key: Key; readonly row: object; readonly conflict?: Conflict }
  | { readonly kind: 'put'; readonly key: Key; readonly row: object }
  | { readonly kind: 'change'; readonly key: Key; readonly columns: object }
  | {
      readonly kind: 'update';
      readonly key: Key;
      readonly row: VersionedRow;
      readonly expected: number;
      readonly conflict?: Conflict;
    }
  | { readonly kind: 'remove'; readonly key: Key };

/** A row whose changes are guarded by its version. */
export type VersionedRow = object & { readonly version: number };

/** A key as a text: the same for the same key. */
export const nameOf = (key: Key): string => (typeof key === 'object' ? JSON.stringify(key) : String(key));

/**
 * The writes that a unit of work has asked for and not yet sent. A row that is written twice is sent once, in its last
 * state; whoever reads it by key in between is given that state.
 */
export class WriteSet {
  private readonly tables = new Map<TableShape, Map<string, Pending>>();

  get isEmpty(): boolean {
    return this.tables.size === 0;
  }

  get(table: TableShape, key: Key): Pending | undefined {
    return this.tables.get(table)?.get(nameOf(key));
  }

  /** @throws VersionConflict, or the conflict that an insert brings, when the row's pending state forbids the write */
  add(table: TableShape, write: Pending): void {
    this.set(table, combined(table, this.get(table, write.key), write));
  }

  /**
   * Takes in what a smaller unit within this one has written: everything or, when that throws, nothing.
   * @returns whether it has changed what was in here before
   */
  merge(other: WriteSet): boolean {
    const both: { readonly table: TableShape; readonly write: Pending }[] = [];
    for (const [table, rows] of other.tables) {
      const own = this.tables.get(table);
      if (!own) continue;
      for (const [name, write] of rows) {
        const before = own.get(name);
        if (before) both.push({ table, write: combined(table, before, write) });
      }
    }
    for (const [table, rows] of other.tables) {
      const own = this.rowsOf(table);
      for (const [name, write] of rows) own.set(name, write);
    }
    for (const { table, write } of both) this.set(table, write);
    return both.length > 0;
  }

  /** @returns the writes, table by table in the order of their first use; the set is empty afterwards */
  take(): [TableShape, Pending[]][] {
    const taken = [...this.tables].map(([table, rows]): [TableShape, Pending[]] => [table, [...rows.values()]]);
    this.tables.clear();
    return taken;
  }

  /** @returns the writes, table by table in the order of their first use */
  all(): [TableShape, Pending][] {
    return [...this.tables].flatMap(([table, rows]) =>
      [...rows.values()].map((write): [TableShape, Pending] => [table, write]),
    );
  }

  /** Whether exactly this write is in it. */
  has(write: Pending): boolean {
    return this.all().some(([, one]) => one === write);
  }

  private set(table: TableShape, write: Pending): void {
    this.rowsOf(table).set(nameOf(write.key), write);
  }

  private rowsOf(table: TableShape): Map<string, Pending> {
    let rows = this.tables.get(table);
    if (!rows) this.tables.set(table, (rows = new Map<string, Pending>()));
    return rows;
  }
}

/**
 * What two writes to one row come to.
 * @throws VersionConflict, or the conflict that an insert brings, when the first forbids the second
 */
export function combined(table: TableShape, before: Pending | undefined, write: Pending): Pending {
  if (!before) return write;
  if (before.kind === 'change') {
    // Whether the row is there is not known; the other kinds do not ask what it was like.
    return write.kind === 'change' ? { ...write, columns: { ...before.columns, ...write.columns } } : write;
  }
  if (before.kind === 'remove') {
    if (write.kind === 'update') throw new VersionConflict(table.name);
    return write.kind === 'remove' || write.kind === 'change'
      ? before
      : { kind: 'put', key: write.key, row: write.row };
  }
  switch (write.kind) {
    case 'insert':
      throw write.conflict?.() ?? new Error(`${table.name} ${nameOf(write.key)} is there already`);
    case 'remove':
      return write;
    case 'put':
      return { ...before, row: write.row } as Pending;
    case 'change':
      return { ...before, row: { ...before.row, ...write.columns } } as Pending;
    case 'update':
      if ((before.row as VersionedRow).version !== write.expected) throw new VersionConflict(table.name);
      return { conflict: write.conflict, ...before, row: write.row } as Pending;
  }
}

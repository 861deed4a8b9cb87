import { ReadingConnection } from '../database/connection';

/** The rows of each table, each row as JSON. */
export type Snapshot = ReadonlyMap<string, readonly string[]>;

/** What the reactions note of their own work. */
const BOOKKEEPING = ['reaction', 'reaction_batch', 'reaction_deferred', 'reaction_unfinished', 'migrations'];

/**
 * Everything that the database holds but the reactions' own books.
 * @param connection the writer sees the open transaction, the reader what is committed
 */
export async function snapshotOf(connection: Pick<ReadingConnection, 'all' | 'dialect'>): Promise<Snapshot> {
  const tables = await connection.all<{ name: string }>(connection.dialect.tables);
  const snapshot = new Map<string, string[]>();
  for (const { name } of tables.filter((table) => !BOOKKEEPING.includes(table.name))) {
    const rows = await connection.all<object>(`SELECT * FROM "${name}"`);
    snapshot.set(name, rows.map(asText).sort());
  }
  return snapshot;
}

/** Without the number by which PostgreSQL finds it again: a number that was given is not given twice, even if nothing came of it. */
const asText = (row: object) => JSON.stringify({ ...row, search_row: undefined });

/** @returns a line for each row that is in one of them only; nothing when they are the same */
export function differences(before: Snapshot, after: Snapshot): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((table) => [
    ...without(before.get(table), after.get(table)).map((row) => `- ${table} ${row}`),
    ...without(after.get(table), before.get(table)).map((row) => `+ ${table} ${row}`),
  ]);
}

/** The rows of `all` that `some` does not have, as often as it does not have them. */
function without(all: readonly string[] = [], some: readonly string[] = []): string[] {
  const left = new Map<string, number>();
  for (const row of some) left.set(row, (left.get(row) ?? 0) + 1);
  return all.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count < 1;
  });
}

/** Ids, hashes and times, as they stand in rows. */
const MADE_ANEW = /\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{32,}\b|\d{4}-\d\d-\d\dT[\d:.]+Z|\b[12]\d{12}\b/g;

/** The same without the ids and times that are not in `before`: they are made anew whenever something is done again. */
export function withoutNewNames(snapshot: Snapshot, before: Snapshot): Snapshot {
  const known = new Set([...before.values()].flatMap((rows) => rows.flatMap((row) => row.match(MADE_ANEW) ?? [])));
  const plain = (row: string) => row.replace(MADE_ANEW, (name) => (known.has(name) ? name : '<new>'));
  return new Map([...snapshot].map(([table, rows]) => [table, rows.map(plain).sort()]));
}

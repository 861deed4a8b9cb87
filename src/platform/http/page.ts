import { Invalid } from '../../kernel/domain-error';
import { isStorable } from './text';

/** One page of a list. `next` is the cursor of the following page; the last page has none. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

interface CursorParts {
  string: string;
  number: number;
}

type CursorShape = readonly (keyof CursorParts)[];

/** Packs the sort key of the last row a client has seen. Clients must not look inside. */
export const encodeCursor = (parts: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/**
 * Unpacks a cursor that `encodeCursor` made.
 *
 * @param shape the types of the parts, in order: `['number', 'string']`
 * @throws Invalid on path `cursor` for anything that this list did not give out, as far as can be seen
 */
export function decodeCursor<const S extends CursorShape>(
  cursor: string,
  shape: S,
): { -readonly [I in keyof S]: CursorParts[S[I]] } {
  const parts = unpack(cursor);
  const fits =
    parts?.length === shape.length &&
    parts.every((part, at) => typeof part === shape[at] && isSortKey(part)) &&
    // Base64 can be written in many ways; ours is the only one taken.
    encodeCursor(parts as (string | number)[]) === cursor;
  if (!fits) throw new Invalid('cursor-invalid', 'cursor', 'must be the `next` of an earlier page of this list');
  return parts as { -readonly [I in keyof S]: CursorParts[S[I]] };
}

/** What a column can be compared with: text that can be stored, or an integer. */
const isSortKey = (part: unknown): boolean =>
  typeof part === 'string' ? isStorable(part) : Number.isSafeInteger(part);

function unpack(cursor: string): unknown[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Cuts a page out of rows that were read with one more than `limit`, which tells whether there is a next page without
 * counting.
 *
 * @param key the sort key of a row: what its cursor has to hold
 */
export function page<T>(rows: readonly T[], limit: number, key: (row: T) => readonly (string | number)[]): Page<T> {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  return { items, next: encodeCursor(key(items[limit - 1])) };
}

import { Key } from '../database/tables';
import { ContextSlot } from './context-slot';
import { currentScope, Scope } from './scope';
import { WriteSet } from './write-set';

/** A row that would have been written, or a statement that was sent by hand and has been taken back. */
export type RehearsedWrite =
  | {
      readonly table: string;
      readonly kind: 'insert' | 'update' | 'put' | 'change' | 'remove';
      readonly key: Key;
      readonly row?: object;
    }
  | { readonly kind: 'statement'; readonly sql: string };

/** Something that would have gone out, in the words of the port that it was stopped at. */
export interface Captured {
  readonly what: string;
  readonly [fact: string]: unknown;
}

/** What was rehearsed is over, and whatever of it is still at work cannot store or send anything. */
export class RehearsalOver extends Error {
  constructor() {
    super('this belongs to a rehearsal that is over, of which nothing may remain');
    this.name = 'RehearsalOver';
  }
}

/** Work that is done in earnest, except that nothing is stored and nothing goes out. */
export class Rehearsal {
  /** The unit in which the rehearsed handler itself is at work. */
  scope: Scope | undefined;
  readonly outside: Captured[] = [];
  private readonly sent: RehearsedWrite[] = [];

  /** @param maySend it is about a handler that may talk to the outside */
  constructor(readonly maySend: boolean) {}

  /** Pending writes are on their way to the database, from which they will be taken back. */
  noteWrites(writes: WriteSet): void {
    for (const [{ name: table }, write] of writes.all()) {
      const { kind, key } = write;
      if (kind === 'remove') this.sent.push({ table, kind, key });
      else this.sent.push({ table, kind, key, row: write.kind === 'change' ? emptied(write.columns) : write.row });
    }
  }

  noteStatement(sql: string): void {
    this.sent.push({ kind: 'statement', sql });
  }

  /** All that the handler has written by now. */
  get writes(): readonly RehearsedWrite[] {
    if (this.scope) {
      this.noteWrites(this.scope.writes);
      this.scope.writes.take();
    }
    return this.sent;
  }
}

/** The same columns, also in JSON, which leaves out what is undefined. */
const emptied = (columns: object): object =>
  Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, (value as unknown) ?? null]));

const rehearsals = new ContextSlot<Rehearsal>('rehearsal');

/** The rehearsal to which the caller belongs, be it over or not. */
export const currentRehearsal = (): Rehearsal | undefined => rehearsals.get();

export const withinRehearsal = <T>(rehearsal: Rehearsal, work: () => Promise<T>): Promise<T> =>
  rehearsals.run(rehearsal, work);

/** @throws RehearsalOver when the caller has been left behind by a rehearsal */
export function assertNotLeftBehind(): void {
  if (currentRehearsal() && !currentScope()) throw new RehearsalOver();
}

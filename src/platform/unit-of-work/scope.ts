import { AggregateRoot } from '@nestjs/cqrs';
import { Key, TableClass, TableShape } from '../database/tables';
import { UnplacedEnvelope } from '../event-log/envelope';
import { Cause } from './cause';
import { ContextSlot } from './context-slot';
import { Transaction } from './transaction';
import { combined, Pending, WriteSet } from './write-set';

/** An event that an aggregate has committed, on its way into the log. */
export interface Raised {
  readonly event: object;
  readonly envelope: UnplacedEnvelope;
  /** The in-transaction reactions to it have run. */
  answered?: boolean;
}

/**
 * What one piece of work (a command, or one event of a reaction) has done so far. If the work fails, its scope is
 * dropped and nothing has happened; if it succeeds, the scope joins the one around it.
 */
export class Scope {
  writes = new WriteSet();
  events: Raised[] = [];
  /** Work in here has seen, or changed, what other work in here has written: neither can be stored without the other. */
  entangled = false;
  /** Aggregates that were saved here and whose events nobody has committed yet. */
  readonly uncommitted = new Set<AggregateRoot>();
  /** Something that was written here is in the database already, so dropping this scope does not undo it. */
  sent = false;
  /** Smaller units within this one that have not come to their end. */
  readonly open = new Set<Scope>();
  /** What was done here has been dropped. */
  failed = false;
  private ended = false;

  constructor(
    readonly transaction: Transaction,
    readonly cause: Cause,
    readonly parent?: Scope,
    /** Tables that are being rebuilt: what is meant for them goes to the new ones beside them. */
    readonly standIns: ReadonlyMap<TableClass, TableShape> | undefined = parent?.standIns,
  ) {}

  /** The row's state as the pending writes of this scope, and of those around it, leave it. */
  pending(table: TableShape, key: Key): Pending | undefined {
    const own = this.writes.get(table, key);
    if (own && !this.parent) this.entangled = true;
    if (own && own.kind !== 'change') return own;
    const outer = this.parent?.pending(table, key);
    return own ? combined(table, outer, own) : outer;
  }

  /** No more work can be done here: it has come to its end, or the one around it has. */
  get closed(): boolean {
    return this.ended || (this.parent?.closed ?? false);
  }

  /** Nothing that was done here has happened, or will. */
  get isVoid(): boolean {
    return this.failed || this.transaction.rolledBack || (this.parent?.isVoid ?? false);
  }

  /** Nothing begins here any more. */
  end(): void {
    this.ended = true;
  }

  /** Joins the scope around this one, wholly or, when that throws, not at all. */
  complete(): void {
    const { parent } = this;
    if (!parent) return;
    // It does, too, when it is refused for what is written there.
    let touches = true;
    try {
      touches = parent.writes.merge(this.writes);
    } finally {
      if (touches) parent.entangled = true;
    }
    parent.events.push(...this.events);
    if (this.sent) parent.sent = true;
  }
}

const scopes = new ContextSlot<Scope>('scope');

/** The scope that the caller works in. Something that was not awaited finds the scope it was started in closed. */
export function currentScope(): Scope | undefined {
  const scope = scopes.get();
  return scope?.closed ? undefined : scope;
}

export const withinScope = <T>(scope: Scope, work: () => T): T => scopes.run(scope, work);

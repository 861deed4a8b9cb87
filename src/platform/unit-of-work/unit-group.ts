import { Database } from '../database/database';
import { EventTable } from '../event-log/event.table';
import { Cause } from './cause';
import { Group } from './lane';
import { Raised, Scope } from './scope';
import { Transaction } from './transaction';
import { WriteSet } from './write-set';

/** One unit of work among those that share a transaction. */
export interface Unit {
  /** What it has written and raised, once it is done. */
  scope?: Scope;
  /** The last position in the log that it may know of, once it is stored. */
  position: number;
}

/** Work is never done in the name of a whole group; its scope only collects. */
const GROUP: Cause = { correlationId: '', causationId: '', raisedBy: '', actor: '' };

/** The units of work that share one transaction. The lane says when; what is sent and stored is decided here. */
export class UnitGroup implements Group {
  readonly units: Unit[] = [];
  /** What the finished units have written and raised. */
  readonly root: Scope;

  private constructor(
    private readonly database: Database,
    private readonly transaction: Transaction,
    private readonly onCommit: (raised: readonly Raised[]) => void,
  ) {
    this.root = new Scope(transaction, GROUP);
  }

  /** Inside a new transaction. @param onCommit is called with everything that was raised, once it is durable */
  static async open(database: Database, onCommit: (raised: readonly Raised[]) => void): Promise<UnitGroup> {
    return new UnitGroup(database, new Transaction(database.writer, await headOf(database)), onCommit);
  }

  assertSound(): void {
    this.transaction.assertSound();
  }

  async flush(): Promise<void> {
    this.append();
    await this.transaction.flush(this.root.writes);
  }

  refused(): readonly number[] {
    const { root, transaction, units } = this;
    // What was sent before may have been read, and is not kept apart.
    if (root.entangled || root.sent) return [];
    return units.flatMap(({ scope }, at) => (transaction.refused.some((one) => scope?.writes.has(one)) ? [at] : []));
  }

  async restart(without: readonly number[]): Promise<void> {
    const { root, transaction, units } = this;
    transaction.restart(await headOf(this.database));
    for (const at of without) if (units[at].scope) units[at].scope.failed = true;
    const rest = units.filter(({ scope }) => scope && !scope.failed);
    units.splice(0, units.length, ...rest);
    root.writes = new WriteSet();
    for (const { scope } of units) root.writes.merge(scope!.writes);
    root.events = units.flatMap(({ scope }) => scope!.events);
  }

  rolledBack(): void {
    this.transaction.rolledBack = true;
  }

  committed(): void {
    if (this.root.events.length) this.onCommit(this.root.events);
  }

  /** Gives the events of the whole group their positions, and adds them to what is written. */
  private append(): void {
    const log = new WriteSet();
    const table = this.database.tables.of(EventTable);
    let position = this.transaction.head;
    for (const unit of this.units) {
      for (const raised of unit.scope && !unit.scope.failed ? unit.scope.events : []) {
        const { event, envelope } = raised;
        envelope.position = ++position;
        // What no aggregate has raised is counted by its place in the log.
        if (envelope.stream === envelope.type) envelope.streamVersion = position;
        log.add(table, { kind: 'insert', key: position, row: { ...envelope, facts: event } });
      }
      unit.position = position;
    }
    this.root.writes.merge(log);
  }
}

async function headOf({ writer }: Database): Promise<number> {
  const [{ head }] = await writer.all<{ head: number }>('SELECT coalesce(max(position), 0) AS head FROM event_log');
  return head;
}

import { Injectable } from '@nestjs/common';
import { AggregateRoot } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import { Database } from '../database/database';
import { isOutage, Parameter, Statements } from '../database/connection';
import { Key, TableClass, TableShape } from '../database/tables';
import { insideTransaction, OutsideUnitOfWork, writes } from '../database/writer-guard';
import { EventTypes } from '../event-log/event-types';
import { putInEnvelope } from '../event-log/envelope';
import { freezePlain } from '../event-log/plain-data';
import { RecentEvents } from '../event-log/recent-events';
import { assertNotLeftBehind, currentRehearsal, Rehearsal, withinRehearsal } from './rehearsal';
import { Cause, currentRequest, newRequest } from './cause';
import { Lane, Priority } from './lane';
import { currentScope, Raised, Scope, withinScope } from './scope';
import { isPromise } from './time-limit';
import { Unit, UnitGroup } from './unit-group';
import { Conflict, nameOf, VersionConflict, VersionedRow } from './write-set';

/** How often a command is done again, at once, when the rows it read were changed under it. */
const ATTEMPTS_ON_CONFLICT = 4;

/** An aggregate's events would have been lost, or stored without the change they tell of. */
export class NotSaved extends Error {
  constructor(aggregate: object, why: string) {
    super(`${aggregate.constructor.name} ${why}`);
    this.name = 'NotSaved';
  }
}

/** A command was sent within a unit of work that then ended without waiting for it. */
export class NotAwaited extends Error {
  constructor(raisedBy: string) {
    super(`${raisedBy} was not awaited by the handler that began it: await it, or send it when the handler is done`);
    this.name = 'NotAwaited';
  }
}

interface Tracked {
  readonly stream: string;
  version: number;
  /** Where it was saved last. */
  savedIn?: Scope;
  /** It was saved there and its events were not committed yet. */
  isUncommitted?: boolean;
  /** The events that tell of the state which was saved. */
  savedEvents: readonly object[];
}

/** Called with every event that is about to be committed, and with those that have been. */
export interface EventListeners {
  /** Runs the in-transaction reactions to an event, if there are any, inside the unit of work that raised it. */
  beforeCommit(raised: Raised): Promise<void> | undefined;
  afterCommit(raised: readonly Raised[]): void;
}

// Nest's own `commit()` on an aggregate that no publisher was attached to loses its events without a word.
AggregateRoot.prototype.publishAll = function (events) {
  if (events.length) throw new NotSaved(this, 'was committed but not saved: save it, then commit()');
};
AggregateRoot.prototype.publish = function () {
  throw new NotSaved(this, 'published an event before it was saved');
};

/**
 * The unit of work: one transaction around one command, or around one batch of a reaction. The platform opens it;
 * repositories read and write through it. Writes are collected and sent together at the end, so reading by key gives
 * what was written before, while the database learns of it once. (Fowler, "Patterns of Enterprise Application
 * Architecture": Unit of Work, Identity Map.)
 */
@Injectable()
export class UnitOfWork {
  private readonly aggregates = new WeakMap<AggregateRoot, Tracked>();
  private readonly lane: Lane<UnitGroup>;
  listeners: EventListeners | undefined;

  constructor(
    private readonly database: Database,
    private readonly types: EventTypes,
    recent: RecentEvents,
    private readonly clock: Clock,
  ) {
    const committed = (raised: readonly Raised[]) => {
      recent.remember(raised);
      this.listeners?.afterCommit(raised);
    };
    this.lane = new Lane(
      database.writer,
      () => UnitGroup.open(database, committed),
      (inside) => insideTransaction(database.source.createQueryRunner(), inside),
    );
    database.beforeClose = () => this.lane.idle();
    database.guard({ send: (sql, inside, outside) => this.statement(sql, inside, outside) });
  }

  /**
   * Does `work` in a unit of work of its own, or in the one that is open already. Resolves when everything it wrote
   * and raised is durable; when it throws, nothing has happened.
   *
   * @param raisedBy the command class or the reaction, for the envelopes of its events
   */
  async run<T>(raisedBy: string, work: () => Promise<T>, priority: Priority = 'command'): Promise<T> {
    const outer = currentScope();
    if (outer) return this.within(outer, { ...outer.cause, raisedBy }, work);
    assertNotLeftBehind();
    const request = currentRequest() ?? newRequest('program');
    const { correlationId, causationId = newId(), actor, traceparent } = request;
    const cause: Cause = { correlationId, causationId, raisedBy, actor, traceparent };
    let conflict: VersionConflict | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const { value, unit } = await this.lane.run(async ({ root, units }) => {
          const unit: Unit = { position: 0 };
          units.push(unit);
          const value = await this.within(root, cause, () => {
            unit.scope = currentScope();
            return work();
          });
          return { value, unit };
        }, priority);
        request.position = Math.max(request.position ?? 0, unit.position);
        return value;
      } catch (error) {
        // What was loaded before the unit of work is as old as it was.
        if (conflict && error instanceof NotSaved) throw conflict;
        if (!(error instanceof VersionConflict) || attempt === ATTEMPTS_ON_CONFLICT) throw error;
        conflict = error;
      }
    }
  }

  /**
   * Does `work` as `run` would, to the point where it would be durable, and then takes all of it back. It waits for its
   * turn as all do, and shares its transaction with nobody.
   *
   * @param maySend it is about a handler that may talk to the outside; what it would send is noted
   * @returns what was done, and with what it has failed. @throws Error when the database is out of order
   */
  async rehearse(
    cause: Cause,
    work: () => Promise<unknown>,
    maySend: boolean,
  ): Promise<{ readonly rehearsal: Rehearsal; readonly failure?: { readonly error: unknown } }> {
    const rehearsal = new Rehearsal(maySend);
    let done: { readonly failure?: { readonly error: unknown } } | undefined;
    const rehearsed = async (group: UnitGroup) => {
      const { root } = group;
      const handle = () => {
        rehearsal.scope = currentScope();
        group.units.push({ scope: rehearsal.scope, position: 0 });
        return work();
      };
      try {
        await withinRehearsal(rehearsal, () => this.within(root, cause, handle));
        // What the database would refuse in the end, it is to refuse now.
        await group.flush();
        done = {};
      } catch (error) {
        if (isOutage(error)) throw error;
        done = { failure: { error } };
      } finally {
        root.transaction.spoil(new Error('a rehearsal is never stored'));
      }
    };
    try {
      await this.lane.run(rehearsed, 'rehearsal');
    } catch (error) {
      if (!done) throw error;
    }
    return { rehearsal, ...done };
  }

  /**
   * Does `work` in a smaller unit within the one that is open: if it throws, only what it did itself is dropped.
   * @param standIns tables that take what is meant for others, while a projection is built anew
   */
  async within<T>(
    outer: Scope,
    cause: Cause,
    work: () => T | Promise<T>,
    standIns?: ReadonlyMap<TableClass, TableShape>,
  ): Promise<T> {
    const scope = new Scope(outer.transaction, cause, outer, standIns);
    outer.open.add(scope);
    // Every promise costs something while an asynchronous context is kept, so nothing is waited for that is there.
    try {
      let value: T;
      try {
        const result = withinScope(scope, work);
        value = isPromise(result) ? await result : result;
        if (scope.events.length) await withinScope(scope, () => this.answer(scope));
      } finally {
        scope.end();
        if (scope.transaction.isBusy) await scope.transaction.quiet();
      }
      this.assertFinished(scope);
      scope.complete();
      return value;
    } catch (error) {
      scope.failed = true;
      if (scope.sent) scope.transaction.spoil(error);
      throw error;
    } finally {
      outer.open.delete(scope);
    }
  }

  /** @returns the row with this key as it is now: this unit of work sees what it has written itself */
  async find<Row extends object>(table: TableClass<Row>, key: Key): Promise<Row | undefined> {
    return (await this.findMany(table, [key]))[0];
  }

  /** @returns the rows that exist among these keys, in no particular order */
  async findMany<Row extends object>(table: TableClass<Row>, keys: readonly Key[]): Promise<Row[]> {
    const scope = currentScope();
    const shape = this.shapeOf(table, scope);
    const found: Row[] = [];
    const unknown: Key[] = [];
    const changes = new Map<string, object>();
    for (const key of keys.length > 1 ? eachOnce(keys) : keys) {
      const pending = scope?.pending(shape, key);
      if (!pending) unknown.push(key);
      else if (pending.kind === 'change') {
        unknown.push(key);
        changes.set(nameOf(key), pending.columns);
      } else if (pending.kind !== 'remove') found.push({ ...(pending.row as Row) });
    }
    if (unknown.length) {
      const rows = scope
        ? await scope.transaction.rows(shape, unknown)
        : await this.database.reader.all<Record<string, unknown>>(shape.select, [JSON.stringify(unknown)]);
      for (const row of rows)
        found.push({ ...shape.fromDatabase<Row>(row), ...changes.get(nameOf(shape.keyFrom(row))) });
    }
    return found;
  }

  /** Runs a SELECT that sees what this unit of work, and those before it in the same transaction, have written. */
  async query<Row>(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    const read = (from: Statements) => () => from.all<Row>(sql, parameters);
    return this.statement(sql, read(this.database.writer), read(this.database.reader));
  }

  /** Inside a unit of work. @returns a number that is another one once another process has written */
  writesOfOthers(): Promise<number> {
    return this.scope('the writes of others were asked for').transaction.send(() =>
      this.database.writer.writesOfOthers(),
    );
  }

  /** Calls `listener` when another process has written, where the database tells so by itself. */
  onWriteOfOthers(listener: () => void): void {
    this.database.writer.onWriteOfOthers = listener;
  }

  /** Adds a row. @param conflict the error to throw when a unique key refuses it */
  insert<Row extends object>(table: TableClass<Row>, row: Row, conflict?: Conflict): void {
    const scope = this.scope('a row was added');
    const shape = this.shapeOf(table, scope);
    scope.writes.add(shape, { kind: 'insert', key: shape.keyOf(row), row, conflict });
  }

  /** Adds a row, or replaces the one with the same key. */
  put<Row extends object>(table: TableClass<Row>, row: Row): void {
    const scope = this.scope('a row was put');
    const shape = this.shapeOf(table, scope);
    scope.writes.add(shape, { kind: 'put', key: shape.keyOf(row), row });
  }

  /**
   * Changes these columns of the row with this key, if it is there, without reading it: many rows that are changed alike
   * cost one statement. An aggregate's row, which has a version, is changed by `save`. Changes of several rows are not
   * sent in the order in which they were asked for: a column of a unique key, whose values rows pass on, takes `find` and `put`.
   *
   * @param columns by their properties; one that is there and undefined is emptied
   * @throws TypeError when the table has no such column, or it is a part of the key
   */
  change<Row extends object & { readonly version?: never }>(
    table: TableClass<Row>,
    key: Key,
    columns: Partial<Row>,
  ): void {
    const scope = this.scope('a row was changed');
    const shape = this.shapeOf(table, scope);
    shape.assertChangeable(columns);
    if (Object.keys(columns).length === 0) return;
    scope.writes.add(shape, { kind: 'change', key, columns });
  }

  /** Removes the row with this key, if it is there. */
  remove(table: TableClass, key: Key): void {
    const scope = this.scope('a row was removed');
    scope.writes.add(this.shapeOf(table, scope), { kind: 'remove', key });
  }

  /**
   * Makes an aggregate known that was loaded from its row, so that it can be saved and its events committed.
   * @param stream the aggregate's place in the log: `catalog.book/<id>`
   */
  track<Aggregate extends AggregateRoot>(aggregate: Aggregate, stream: string, version: number): Aggregate {
    this.aggregates.set(aggregate, { stream, version, savedEvents: [] });
    this.attachPublisher(aggregate);
    return aggregate;
  }

  /**
   * Saves an aggregate's row: adds it when the aggregate was never tracked, otherwise changes the row it was loaded
   * from. Its events are stored by `aggregate.commit()`, which has to follow.
   *
   * @param row without its version, which the unit of work counts
   * @param conflict the error to throw when a unique key refuses the row
   * @throws VersionConflict, at the end of the unit of work, when somebody else has changed the row since
   */
  save<Row extends VersionedRow>(
    aggregate: AggregateRoot,
    stream: string,
    table: TableClass<Row>,
    row: Omit<Row, 'version'>,
    conflict?: Conflict,
  ): void {
    const scope = this.scope(`${aggregate.constructor.name} was saved`);
    const known = this.aggregates.get(aggregate);
    if (known?.savedIn?.isVoid) {
      throw new NotSaved(aggregate, 'was saved in a unit of work that has failed: load it again, and decide anew');
    }
    // commit() empties the array that it hands over.
    const savedEvents = [...(aggregate.getUncommittedEvents() as object[])];
    const version = (known?.version ?? 0) + Math.max(1, savedEvents.length);
    const complete = { ...row, version } as Row;
    const shape = this.shapeOf(table, scope);
    const key = shape.keyOf(complete);
    if (known) {
      scope.writes.add(shape, { kind: 'update', key, row: complete, expected: known.version, conflict });
      Object.assign(known, { version, savedIn: scope, isUncommitted: true, savedEvents });
    } else {
      scope.writes.add(shape, { kind: 'insert', key, row: complete, conflict });
      this.aggregates.set(aggregate, { stream, version, savedIn: scope, isUncommitted: true, savedEvents });
      this.attachPublisher(aggregate);
    }
    if (savedEvents.length) scope.uncommitted.add(aggregate);
  }

  /** Takes what an aggregate's `commit()` publishes into the log. @throws NotSaved, OutsideUnitOfWork */
  publish(aggregate: AggregateRoot, events: readonly object[]): void {
    if (events.length === 0) return;
    const scope = this.scope(`${events[0].constructor.name} was published`);
    const known = this.aggregates.get(aggregate);
    if (!known?.isUncommitted || known.savedIn !== scope)
      throw new NotSaved(aggregate, 'was committed but not saved: save it, then commit()');
    const { savedEvents } = known;
    if (savedEvents.length !== events.length || savedEvents.some((event, at) => event !== events[at])) {
      throw new NotSaved(aggregate, 'was changed after it was saved: save it again before commit()');
    }
    events.forEach((event, at) => this.raise(scope, event, known.stream, known.version - events.length + at + 1));
    known.isUncommitted = false;
    scope.uncommitted.delete(aggregate);
  }

  /** Takes an event that no aggregate raised into the log: `eventBus.publish(event)`. Its stream is its type. */
  publishLoose(event: object): void {
    this.raise(this.scope(`${event.constructor.name} was published`), event, this.types.classOf(event).type, 0);
  }

  /** Runs the in-transaction reactions to what was raised, and to what they raise themselves. */
  private async answer(scope: Scope): Promise<void> {
    for (let at = 0; at < scope.events.length; at++) {
      const raised = scope.events[at];
      if (raised.answered) continue;
      raised.answered = true;
      const answered = this.listeners?.beforeCommit(raised);
      if (answered) await answered;
    }
  }

  private raise(scope: Scope, event: object, stream: string, streamVersion: number): void {
    const { type, version = 1 } = this.types.classOf(event);
    freezePlain(event);
    const { correlationId, causationId, raisedBy, actor, traceparent } = scope.cause;
    const envelope = {
      id: newId(),
      type,
      version,
      stream,
      streamVersion,
      occurredAt: this.clock.now().toISOString(),
      correlationId,
      causationId,
      raisedBy,
      actor,
      traceparent,
      position: 0,
    };
    putInEnvelope(event, envelope);
    scope.events.push({ event, envelope });
  }

  private attachPublisher(aggregate: AggregateRoot): void {
    aggregate.publishAll = (events: object[]) => this.publish(aggregate, events);
    aggregate.publish = (event: object) => this.publish(aggregate, [event]);
  }

  private shapeOf(table: TableClass, scope: Scope | undefined): TableShape {
    return scope?.standIns?.get(table) ?? this.database.tables.of(table);
  }

  private scope(what: string): Scope {
    const scope = currentScope();
    if (!scope) throw new OutsideUnitOfWork(what);
    return scope;
  }

  private assertFinished(scope: Scope): void {
    if (scope.parent?.closed) throw new NotAwaited(scope.cause.raisedBy);
    const [unfinished] = scope.open;
    if (unfinished) throw new NotAwaited(unfinished.cause.raisedBy);
    const [forgotten] = scope.uncommitted;
    if (forgotten) throw new NotSaved(forgotten, 'was saved but its events were not: call commit() after saving it');
  }

  /** Sends a statement that is not recorded: it has to see, and may change, what is pending. */
  private async statement<T>(sql: string, inside: () => Promise<T>, outside: () => Promise<T>): Promise<T> {
    const scope = currentScope();
    if (!scope) return outside();
    const rehearsal = currentRehearsal();
    const chain: Scope[] = [];
    for (let one: Scope | undefined = scope; one; one = one.parent) chain.unshift(one);
    for (const one of chain) {
      if (one.writes.isEmpty) continue;
      one.sent = true;
      if (one.parent) rehearsal?.noteWrites(one.writes);
      // What goes wrong is told by the statement that waits for it.
      void scope.transaction.flush(one.writes);
    }
    if (!writes(sql)) return scope.transaction.send(inside);
    scope.sent = true;
    rehearsal?.noteStatement(sql);
    return scope.transaction.sendWrite(inside);
  }
}

/** A key that is asked for twice has one row. */
const eachOnce = (keys: readonly Key[]): Iterable<Key> => new Map(keys.map((key) => [nameOf(key), key])).values();

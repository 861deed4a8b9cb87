import { AsyncResource } from 'node:async_hooks';
import { hostname } from 'node:os';
import { Logger } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { Clock } from '../../kernel/clock';
import { isOutage } from '../database/sqlite-connection';
import { Envelope, putInEnvelope } from '../event-log/envelope';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { EventTypes } from '../event-log/event-types';
import { withinRequest } from '../unit-of-work/cause';
import { currentScope } from '../unit-of-work/scope';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { VersionConflict } from '../unit-of-work/write-set';
import { DeferredEvents } from './deferred-events';
import { ReactionDefinition } from './reaction-definition';
import { BatchTable, DeferredTable, ReactionTable } from './reaction.tables';

const BATCH = 100;
/** Calls to the outside are slow and may happen twice after a crash, so few stand between two checkpoints. */
const EXTERNAL_BATCH = 16;
const RETRIES_AT_ONCE = 20;
/** How long a process may call out before another takes over from it, in milliseconds. */
const LEASE = 60_000;
const PROCESS = `${hostname()}/${process.pid}`;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/** Everything a runner needs besides its reaction. */
export interface RunnerTools {
  readonly work: UnitOfWork;
  readonly log: EventLog;
  readonly types: EventTypes;
  readonly deferred: DeferredEvents;
  readonly clock: Clock;
  /** The version of the program, for the record of finished batches. */
  readonly build: string;
  /** Called whenever the reaction has come further, or has failed. */
  readonly onProgress: () => void;
}

/**
 * Carries events from the log to one reaction, and keeps its checkpoint. It sleeps until it is woken or until a
 * deferred event is due; the checkpoint moves in the same transaction as the reaction's writes, so an event that is
 * delivered again has no second effect.
 */
export class ReactionRunner {
  private readonly logger: Logger;
  private readonly ownContext = new AsyncResource('ReactionRunner');
  private running: Promise<void> | undefined;
  private wokenMeanwhile = false;
  private stopped = false;
  private pause = FIRST_PAUSE;
  private cancelTimer: () => void = () => undefined;
  /** When the next deferred event is due; undefined when that is not known and has to be looked up. */
  private nextDue: number | undefined;
  /** For an external reaction: until when no other process may call out. */
  private heldUntil = 0;

  constructor(
    readonly reaction: ReactionDefinition,
    private readonly tools: RunnerTools,
  ) {
    this.logger = new Logger(reaction.name);
  }

  get isWorking(): boolean {
    return this.running !== undefined;
  }

  /** There may be something to do. @param recheck deferred events may have become due by another's hand */
  wake(recheck = false): void {
    if (recheck) this.nextDue = undefined;
    if (this.stopped) return;
    this.wokenMeanwhile = true;
    this.running ??= this.ownContext.runInAsyncScope(() => this.run());
  }

  /** Finishes the batch at hand and starts no other. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer();
    await this.running;
    if (this.reaction.mode === 'external') {
      // A lease that cannot be given back runs out by itself.
      await this.inUnitOfWork(() => this.release()).catch(() => undefined);
    }
  }

  private async run(): Promise<void> {
    this.cancelTimer();
    try {
      while (this.wokenMeanwhile && !this.stopped) {
        this.wokenMeanwhile = false;
        while (!this.stopped && (await this.batch())) this.tools.onProgress();
        if (!this.stopped && (await this.retryDue())) this.wokenMeanwhile = true;
      }
      this.pause = FIRST_PAUSE;
      this.sleepUntilDue();
    } catch (error) {
      // Not this event's fault: the database is locked, full or closed. Nothing was tried, so no attempt is counted.
      if (!this.stopped) this.logger.error(`pauses for ${this.pause} ms: ${String(error)}`);
      this.nextDue = undefined;
      this.sleep(this.pause);
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    } finally {
      this.running = undefined;
      this.tools.onProgress();
      if (this.wokenMeanwhile && this.pause === FIRST_PAUSE) this.wake();
    }
  }

  private sleepUntilDue(): void {
    if (this.nextDue !== undefined && this.nextDue !== Infinity) {
      this.sleep(Math.max(0, this.nextDue - this.tools.clock.now().getTime()));
    }
  }

  private sleep(ms: number): void {
    if (this.stopped) return;
    this.cancelTimer();
    this.cancelTimer = this.tools.clock.after(ms, () => this.wake());
  }

  /** @returns whether there may be more */
  private async batch(): Promise<boolean> {
    if (this.reaction.mode === 'external') return this.externalBatch();
    try {
      const handled = await this.inUnitOfWork(() => this.handleNext(BATCH));
      return handled === BATCH;
    } catch (error) {
      if (isOutage(error) || this.stopped) throw error;
      // Something went wrong that cannot be laid at one event's door while they share a transaction.
      return this.oneByOne();
    }
  }

  /** Each event of the batch in a transaction of its own, so that a failure takes no other event with it. */
  private async oneByOne(): Promise<boolean> {
    for (let done = 0; done < BATCH && !this.stopped; done++) {
      let tried: StoredEvent | undefined;
      try {
        const handled = await this.inUnitOfWork(() => this.handleNext(1, (event) => (tried = event)));
        if (!handled) return false;
      } catch (error) {
        if (isOutage(error) || !tried) throw error;
        const culprit = tried;
        await this.inUnitOfWork(() => this.passOver(culprit, error));
      }
      this.tools.onProgress();
    }
    return true;
  }

  private inUnitOfWork<T>(work: () => Promise<T>): Promise<T> {
    return this.tools.work.run(this.reaction.name, work, 'reaction');
  }

  /** Inside a unit of work: handles the next events after the checkpoint and moves it. @returns how many there were */
  private async handleNext(limit: number, onTry?: (event: StoredEvent) => void): Promise<number> {
    const { log, deferred, clock } = this.tools;
    const { transaction } = currentScope()!;
    const startedAt = clock.now().toISOString();
    const state = await this.state();
    const events = await log.after(state.checkpoint, this.reaction.types, limit, transaction.connection);
    if (events.length === 0) return 0;
    const blocked = await this.blocked(events);
    for (const event of events) {
      if (blocked.has(event.stream)) {
        deferred.park(this.reaction, event);
        continue;
      }
      onTry?.(event);
      try {
        await this.deliver(event);
      } catch (error) {
        if (transaction.spoiled || error instanceof VersionConflict || isOutage(error) || onTry) throw error;
        this.defer(event, error);
        if (this.reaction.onFailure === 'park') blocked.add(event.stream);
      }
    }
    // With nothing left to read, all that was committed before this transaction is behind this reaction.
    const last = events[events.length - 1].position;
    this.moveTo(state, events.length < limit ? Math.max(last, transaction.head) : last);
    this.record(events, startedAt);
    return events.length;
  }

  /** Inside a unit of work: the event could not be handled; it waits beside the checkpoint, which moves on. */
  private async passOver(event: StoredEvent, error: unknown): Promise<void> {
    const state = await this.state();
    // Another process may have handled it meanwhile.
    if (state.checkpoint >= event.position) return;
    this.defer(event, error);
    this.moveTo(state, event.position);
  }

  private async blocked(events: readonly StoredEvent[]): Promise<Set<string>> {
    if (this.reaction.onFailure === 'overtake') return new Set();
    return this.tools.deferred.blockedStreams(this.reaction.name, [...new Set(events.map(({ stream }) => stream))]);
  }

  private async state(): Promise<ReactionTable> {
    const state = await this.tools.work.find(ReactionTable, this.reaction.name);
    if (!state) throw new Error(`reaction ${this.reaction.name} is not registered`);
    return state;
  }

  private moveTo(state: ReactionTable, checkpoint: number): void {
    this.tools.work.put(ReactionTable, { ...state, checkpoint });
  }

  private record(events: readonly StoredEvent[], startedAt: string): void {
    this.tools.work.insert(BatchTable, {
      id: uuidv7(),
      reaction: this.reaction.name,
      fromPosition: events[0].position,
      toPosition: events[events.length - 1].position,
      events: events.length,
      startedAt,
      finishedAt: this.tools.clock.now().toISOString(),
      build: this.tools.build,
      host: PROCESS,
    });
  }

  private defer(event: StoredEvent, error: unknown, before?: DeferredTable): void {
    const row = this.tools.deferred.fail(this.reaction, event, error, before);
    if (row.dueAt !== undefined && this.nextDue !== undefined) this.nextDue = Math.min(this.nextDue, row.dueAt);
    const fate = row.state === 'dead' ? `dead letter (${row.reason})` : `attempt ${row.attempts} failed`;
    this.logger.warn(`${event.type} at ${event.position}: ${fate}: ${row.error}`);
  }

  /** The event was not tried, and nothing stands before it any more: it is due at once. */
  private postpone(event: StoredEvent): void {
    this.tools.deferred.postpone(this.reaction, event);
    this.nextDue = undefined;
  }

  /** Gives one event to the handler, in a smaller unit of work that is dropped when the handler throws. */
  private async deliver(stored: StoredEvent): Promise<void> {
    await this.tools.work.within(currentScope()!, causedBy(stored, this.reaction.name), () => this.handle(stored));
  }

  private async handle(stored: StoredEvent): Promise<void> {
    const event = this.tools.types.revive(stored.type, stored.version, stored.facts);
    putInEnvelope(event, stored);
    await this.reaction.handler.handle(event);
  }

  /** Outside any transaction: each event is handled, then what became of all of them is stored in one. */
  private async externalBatch(): Promise<boolean> {
    const { log, deferred, clock } = this.tools;
    const startedAt = clock.now().toISOString();
    const unclaimed = await log.after((await this.state()).checkpoint, this.reaction.types, 1);
    if (unclaimed.length === 0 || !(await this.mayCallOut())) return false;
    const events = await log.after((await this.state()).checkpoint, this.reaction.types, EXTERNAL_BATCH);
    if (events.length === 0) return false;
    const { handled, failures, parked, outage } = await this.callOutForAll(events);
    if (handled.length > 0) {
      await this.inUnitOfWork(async () => {
        const state = await this.state();
        const last = handled[handled.length - 1].position;
        // Another process took over because this one was too slow, and has come further.
        if (state.checkpoint >= last) return;
        // An operator may have skipped what the parked ones were to wait behind.
        const stillBlocked = await this.blocked([...parked]);
        for (const event of handled) {
          if (failures.has(event)) this.defer(event, failures.get(event));
          else if (!parked.has(event)) continue;
          else if (stillBlocked.has(event.stream)) deferred.park(this.reaction, event);
          else this.postpone(event);
          stillBlocked.add(event.stream);
        }
        this.moveTo(state, last);
        this.record(handled, startedAt);
      });
    }
    if (outage) throw outage;
    return handled.length === EXTERNAL_BATCH;
  }

  /** One after another, until they are done, somebody wants the reaction to stop, or the database is out of order. */
  private async callOutForAll(events: readonly StoredEvent[]) {
    const handled: StoredEvent[] = [];
    const failures = new Map<StoredEvent, unknown>();
    const parked = new Set<StoredEvent>();
    const blocked = await this.blocked(events);
    for (const event of events) {
      if (this.stopped) break;
      if (blocked.has(event.stream)) {
        parked.add(event);
      } else {
        try {
          if (!(await this.mayCallOut())) break;
          await this.callOut(event);
        } catch (error) {
          if (isOutage(error)) return { handled, failures, parked, outage: error };
          failures.set(event, error);
          if (this.reaction.onFailure === 'park') blocked.add(event.stream);
        }
      }
      handled.push(event);
    }
    return { handled, failures, parked };
  }

  /** Of several processes, one calls out at a time. @returns whether it is this one, for long enough */
  private async mayCallOut(): Promise<boolean> {
    const now = this.tools.clock.now().getTime();
    if (this.heldUntil - now > LEASE / 2) return true;
    const state = await this.inUnitOfWork(() => this.claim(now));
    const mine = state.holder === PROCESS;
    this.heldUntil = mine ? state.heldUntil! : 0;
    if (!mine) this.nextDue = state.heldUntil!;
    return mine;
  }

  private async claim(now: number): Promise<ReactionTable> {
    const state = await this.state();
    const { holder, heldUntil = 0 } = state;
    if (holder && holder !== PROCESS && heldUntil > now && mayBeAlive(holder)) return state;
    const claimed = { ...state, holder: PROCESS, heldUntil: now + LEASE };
    this.tools.work.put(ReactionTable, claimed);
    return claimed;
  }

  /** Lets another process call out at once. */
  private async release(): Promise<void> {
    const state = await this.state();
    if (state.holder === PROCESS) {
      this.tools.work.put(ReactionTable, { ...state, holder: undefined, heldUntil: undefined });
    }
  }

  private callOut(stored: StoredEvent): Promise<void> {
    const { correlationId, actor, traceparent } = stored;
    return withinRequest({ correlationId, causationId: stored.id, actor, traceparent }, () => this.handle(stored));
  }

  /** Tries deferred events again whose time has come. @returns whether any was handled, so that others may be free */
  private async retryDue(): Promise<boolean> {
    const now = () => this.tools.clock.now().getTime();
    if (this.nextDue !== undefined && this.nextDue > now()) return false;
    // Whoever makes an event due while this looks, or tries, forgets the time again.
    this.nextDue = Infinity;
    const next = await this.tools.deferred.next(this.reaction.name, RETRIES_AT_ONCE);
    const due = next.filter(({ dueAt }) => dueAt <= now());
    for (const { position } of due) {
      if (this.stopped) return false;
      if (!(await this.retry(position))) return false;
      this.tools.onProgress();
    }
    if (due.length) this.nextDue = undefined;
    else if (this.nextDue !== undefined) this.nextDue = next[0]?.dueAt ?? Infinity;
    return due.length > 0;
  }

  /** @returns whether it was this process's turn to try */
  private async retry(position: number): Promise<boolean> {
    const { deferred, log, clock } = this.tools;
    const startedAt = clock.now().toISOString();
    const [event] = await log.at([position]);
    const waiting = async () => {
      const row = await deferred.find(this.reaction.name, position);
      return row?.state === 'retrying' ? row : undefined;
    };
    try {
      if (this.reaction.mode === 'external') {
        if (!(await this.mayCallOut())) return false;
        await this.callOut(event);
        await this.inUnitOfWork(async () => {
          const row = await waiting();
          if (!row) return;
          await deferred.settle(row);
          this.record([event], startedAt);
        });
      } else {
        await this.inUnitOfWork(async () => {
          const row = await waiting();
          if (!row) return;
          await this.deliver(event);
          await deferred.settle(row);
          this.record([event], startedAt);
        });
      }
    } catch (error) {
      if (isOutage(error)) throw error;
      await this.inUnitOfWork(async () => {
        const row = await waiting();
        if (row) this.defer(event, error, row);
      });
    }
    return true;
  }
}

/** A process of this machine that has died will not give its lease back. Of other machines nothing is known. */
function mayBeAlive(holder: string): boolean {
  const [host, pid] = holder.split('/');
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** What the envelopes of the events say that a reaction raises in answer to this one. */
export const causedBy = ({ correlationId, id, actor, traceparent }: StoredEvent | Envelope, raisedBy: string) => ({
  correlationId,
  causationId: id,
  raisedBy,
  actor,
  traceparent,
});

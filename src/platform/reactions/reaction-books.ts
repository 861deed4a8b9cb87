import { Logger } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import { BUILD } from '../build';
import { Envelope, putInEnvelope } from '../event-log/envelope';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { EventTypes } from '../event-log/event-types';
import { RecentEvents } from '../event-log/recent-events';
import { Stopping, withinTime } from '../unit-of-work/time-limit';
import { Transaction } from '../unit-of-work/transaction';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { DeferredEvents } from './deferred-events';
import { PROCESS } from './holder';
import { Outage } from './outage';
import { ReactionDefinition } from './reaction-definition';
import { BatchTable, DeferredTable, ReactionTable } from './reaction.tables';
import { Standings } from './standings';
import { UnfinishedStarts } from './unfinished-starts';

/** Everything that carrying events to a reaction needs besides the reaction. */
export interface ReactionTools {
  readonly work: UnitOfWork;
  readonly log: EventLog;
  readonly recent: RecentEvents;
  readonly types: EventTypes;
  readonly deferred: DeferredEvents;
  readonly standings: Standings;
  readonly unfinished: UnfinishedStarts;
  readonly clock: Clock;
  /** Called whenever the reaction has come further, or has failed. */
  readonly onProgress: () => void;
}

/** What is on record about one reaction: its checkpoint, its deferred events, its finished batches. */
export class ReactionBooks {
  private readonly logger: Logger;
  /** Whether nothing that it tries works. */
  readonly outage: Outage;
  /** When the next deferred event is due; undefined when that is not known and has to be looked up. */
  nextDue: number | undefined;
  /** The program is about to end: what is under way has to come to its end soon. */
  readonly stopping = new Stopping();

  constructor(
    readonly reaction: ReactionDefinition,
    readonly tools: ReactionTools,
  ) {
    this.logger = new Logger(reaction.name);
    this.outage = new Outage(reaction.retry, () => tools.clock.now().getTime());
  }

  get isStopping(): boolean {
    return this.stopping.isOn;
  }

  inUnitOfWork<T>(work: () => Promise<T>): Promise<T> {
    return this.tools.work.run(this.reaction.name, work, 'reaction');
  }

  async state(): Promise<ReactionTable> {
    const state = await this.tools.work.find(ReactionTable, this.reaction.name);
    if (!state) throw new Error(`reaction ${this.reaction.name} is not registered`);
    return state;
  }

  /**
   * @param transaction in which they are asked for, if any
   * @returns the first `limit` events that it has still to handle, oldest first
   */
  async after(
    { checkpoint, types }: Pick<ReactionTable, 'checkpoint' | 'types'>,
    limit: number,
    transaction?: Transaction,
  ): Promise<StoredEvent[]> {
    const wanted = this.reaction.types;
    const recent = transaction && this.tools.recent.after(checkpoint, wanted, limit, transaction.head, types);
    return recent ?? this.tools.log.after(checkpoint, wanted, limit, transaction?.connection, types);
  }

  /** Those streams of the events in which an earlier event still waits, or lies dead. */
  async blocked(events: readonly StoredEvent[]): Promise<Set<string>> {
    if (this.reaction.onFailure === 'overtake') return new Set();
    return this.tools.deferred.blockedStreams(this.reaction.name, [...new Set(events.map(({ stream }) => stream))]);
  }

  moveTo(checkpoint: number): void {
    this.tools.work.change(ReactionTable, this.reaction.name, { checkpoint });
  }

  /** Stores when and by whom these events were handled. */
  record(events: readonly StoredEvent[], startedAt: string): void {
    this.tools.work.insert(BatchTable, {
      id: newId(),
      reaction: this.reaction.name,
      fromPosition: events[0].position,
      toPosition: events[events.length - 1].position,
      events: events.length,
      startedAt,
      finishedAt: this.now(),
      build: BUILD,
      host: PROCESS,
    });
  }

  park(event: StoredEvent): void {
    this.tools.deferred.park(this.reaction, event);
  }

  /** The event was tried in vain: it is tried again later, or it is a dead letter. */
  defer(event: StoredEvent, error: unknown, before?: DeferredTable, isOutage = this.blame(event, error)): void {
    if (isOutage) {
      this.tools.deferred.wait(this.reaction, event, error, before);
      this.nextDue = undefined;
      return;
    }
    const row = this.tools.deferred.fail(this.reaction, event, error, before);
    if (row.state === 'dead') this.tools.unfinished.forget(this.reaction.name, event.position);
    if (row.dueAt !== undefined && this.nextDue !== undefined) this.nextDue = Math.min(this.nextDue, row.dueAt);
    const which = `${event.type} at ${event.position}`;
    // Nobody will try it again unless an operator does something.
    if (row.state === 'dead') this.logger.error(`${which}: dead letter (${row.reason}): ${row.error}`);
    else this.logger.warn(`${which}: attempt ${row.attempts} failed: ${row.error}`);
  }

  /** The event was handled, which shows that things work. */
  succeeded(event: StoredEvent): void {
    if (!this.outage.success(event.position)) return;
    this.logger.log('goes on: what did not work works again');
    this.nextDue = undefined;
  }

  /** Called for each failed attempt. @returns whether nothing works, and so the event is not to blame */
  blame(event: StoredEvent, error: unknown): boolean {
    const wasOn = this.outage.isOn;
    const isToBlame = this.outage.failure(event.position, error);
    if (isToBlame && !wasOn) this.logger.warn(`pauses, and counts no attempts: ${this.outage.asSeen!.cause}`);
    return isToBlame;
  }

  /** The event was not tried, and nothing stands before it any more: it is due at once. */
  postpone(event: StoredEvent): void {
    this.tools.deferred.postpone(this.reaction, event);
    this.nextDue = undefined;
  }

  /**
   * Gives one event to the handler. Whoever calls it calls `finished` when nothing of the handler runs any more.
   * @returns a promise only if the handler does. @throws what the handler throws, UnreadableEvent, TimedOut, Crashed
   */
  handle(stored: StoredEvent): unknown {
    const event = this.tools.types.revive(stored.type, stored.version, stored.facts);
    putInEnvelope(event, stored);
    const { name, timeLimit, handler } = this.reaction;
    this.tools.unfinished.begin(name, stored.position);
    return withinTime(() => handler.handle(event), timeLimit, this.stopping);
  }

  /** No event is to blame if the process ends from here on. */
  finished(): void {
    this.tools.unfinished.end(this.reaction.name);
  }

  now(): string {
    return this.tools.clock.now().toISOString();
  }

  complain(what: string): void {
    this.logger.error(what);
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

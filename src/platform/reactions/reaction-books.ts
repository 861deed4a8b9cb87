import { Logger } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import { BUILD } from '../build';
import { Envelope, putInEnvelope } from '../event-log/envelope';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { EventTypes } from '../event-log/event-types';
import { RecentEvents } from '../event-log/recent-events';
import { Stopping, withinTime } from '../unit-of-work/time-limit';
import { currentScope } from '../unit-of-work/scope';
import { Transaction } from '../unit-of-work/transaction';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { DeferredEvents } from './deferred-events';
import { History, isHistory, Page, streamsOf } from './history';
import { PROCESS } from './holder';
import { BackfillFinished } from './operator.events';
import { Outage } from './outage';
import { ReactionDefinition } from './reaction-definition';
import { Backfill, BatchTable, DeferredTable, ReactionTable } from './reaction.tables';
import { Standings } from './standings';
import { UnfinishedStarts } from './unfinished-starts';

/** Everything that carrying events to a reaction needs besides the reaction. */
export interface ReactionTools {
  readonly work: UnitOfWork;
  readonly log: EventLog;
  readonly history: History;
  readonly recent: RecentEvents;
  readonly types: EventTypes;
  readonly deferred: DeferredEvents;
  readonly standings: Standings;
  readonly unfinished: UnfinishedStarts;
  readonly clock: Clock;
  /** Called whenever the reaction has come further, or has failed. */
  readonly onProgress: () => void;
}

/** The events that a reaction is to be given next. */
export interface Portion extends Page {
  /** They are history: the back-fill that hands them over. */
  readonly backfill?: Backfill;
}

/** History is in no hurry, and commands wait for each batch of it. */
const PAGE = 64;

const NONE: ReadonlySet<StoredEvent> = new Set();

/** What is on record about one reaction: its checkpoint, its deferred events, its finished batches. */
export class ReactionBooks {
  private readonly logger: Logger;
  /** Whether nothing that it tries works. */
  readonly outage: Outage;
  /** When the next deferred event is due; undefined when that is not known and has to be looked up. */
  nextDue: number | undefined;
  /** There is history to hand over, as far as is known. */
  isBackfilling = false;
  private isTurnOfHistory = false;
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
   * What is raised now and history take turns.
   *
   * @param standing as it is in the transaction in which they are asked for, if any
   * @returns the first `limit` events that it is to be given next, oldest first
   */
  async next(
    standing: Pick<ReactionTable, 'checkpoint' | 'types' | 'backfill'>,
    limit: number,
    transaction?: Transaction,
  ): Promise<Portion> {
    const { backfill } = standing;
    this.isBackfilling = backfill !== undefined;
    this.isTurnOfHistory = this.isBackfilling && !this.isTurnOfHistory;
    const events = this.isTurnOfHistory ? [] : await this.after(standing, limit, transaction);
    if (events.length > 0 || !backfill) return { events, leftOut: NONE };
    const cut = backfill.cut ?? (await this.inUnitOfWork(() => this.cut()));
    const page = await this.tools.history.page(
      this.reaction,
      backfill,
      cut,
      Math.min(limit, PAGE),
      transaction?.connection,
    );
    if (page.events.length > 0) return { ...page, backfill: { ...backfill, cut } };
    await this.inUnitOfWork(() => this.finishBackfill());
    this.isBackfilling = false;
    return { events: await this.after(standing, limit, transaction), leftOut: NONE };
  }

  /** Whether it has still to be given the event: now, or as history. */
  async hasToCome(position: number): Promise<boolean> {
    const [event] = await this.tools.log.at([position]);
    return event !== undefined && !isPassed(await this.state(), event);
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

  /**
   * @param backfill the one that is under way, if there is one
   * @param areHistory these are the events that it hands over
   * @returns those streams of the events in which an earlier event still waits, or lies dead, or is history that is to come
   */
  async blocked(
    events: Iterable<StoredEvent>,
    backfill: Backfill | undefined,
    areHistory: boolean,
  ): Promise<Set<string>> {
    if (this.reaction.onFailure === 'overtake') return new Set();
    const { deferred, log } = this.tools;
    const streams = streamsOf(events);
    const connection = currentScope()?.transaction.connection;
    // What is younger waits for history, and not the other way round.
    if (areHistory) return deferred.blockedStreams(this.reaction.name, streams, backfill!.cut);
    const blocked = await deferred.blockedStreams(this.reaction.name, streams);
    if (backfill?.cut === undefined) return blocked;
    return new Set([...blocked, ...(await log.goingOn(streams, backfill.checkpoint, backfill.types, connection))]);
  }

  moveTo(checkpoint: number): void {
    this.tools.work.change(ReactionTable, this.reaction.name, { checkpoint });
  }

  /**
   * Inside a unit of work: these events of a portion of history have been handled, or put aside.
   * @param blocked streams in which one of them waits
   */
  async passHistory(
    { backfill, leftOut }: Omit<Portion, 'events'>,
    events: readonly StoredEvent[],
    blocked: ReadonlySet<string>,
  ): Promise<void> {
    const { work, deferred, log } = this.tools;
    const { name } = this.reaction;
    const left = events.filter((event) => leftOut.has(event));
    const checkpoint = events[events.length - 1].position;
    const come = { checkpoint, events: backfill!.events + events.length, leftOut: backfill!.leftOut + left.length };
    work.change(ReactionTable, name, { backfill: { ...backfill!, ...come } });
    const { connection } = currentScope()!.transaction;
    const streams = streamsOf(events).filter((stream) => !blocked.has(stream));
    const goOn = await log.goingOn(streams, checkpoint, backfill!.types, connection);
    const done = streams.filter((stream) => !goOn.has(stream));
    if (await deferred.releaseStreams(name, done)) this.nextDue = undefined;
  }

  /** Inside a unit of work: what the reaction has handled by now decides which history comes too late. */
  async cut(): Promise<number> {
    const { checkpoint, backfill } = await this.state();
    if (backfill?.cut !== undefined) return backfill.cut;
    if (backfill)
      this.tools.work.change(ReactionTable, this.reaction.name, { backfill: { ...backfill, cut: checkpoint } });
    return checkpoint;
  }

  /** Inside a unit of work: from now on, what was history has been handled like everything else. */
  private async finishBackfill(): Promise<void> {
    const { work } = this.tools;
    const { name } = this.reaction;
    const { types, backfill } = await this.state();
    if (!backfill) return;
    const began = Object.keys(backfill.types).map((type): [string, number] => [type, 0]);
    work.change(ReactionTable, name, { types: { ...types, ...Object.fromEntries(began) }, backfill: undefined });
    const { events, leftOut } = backfill;
    work.publishLoose(new BackfillFinished({ reaction: name, events, leftOut }));
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

  leaveOut(event: StoredEvent): void {
    this.tools.deferred.leaveOut(this.reaction, event);
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
   * @param lane which of those that the reaction handles at the same time
   * @returns a promise only if the handler does. @throws what the handler throws, UnreadableEvent, TimedOut, Crashed
   */
  handle(stored: StoredEvent, lane = 0): unknown {
    const event = this.tools.types.revive(stored.type, stored.version, stored.facts);
    putInEnvelope(event, stored);
    const { name, timeLimit, handler } = this.reaction;
    this.tools.unfinished.begin(name, stored.position, lane);
    return withinTime(() => handler.handle(event), timeLimit, this.stopping);
  }

  /** No event of this lane is to blame if the process ends from here on. */
  finished(lane = 0): void {
    this.tools.unfinished.end(this.reaction.name, lane);
  }

  now(): string {
    return this.tools.clock.now().toISOString();
  }

  complain(what: string): void {
    this.logger.error(what);
  }
}

/** Whether the reaction has been given the event, now or as history. */
export const isPassed = ({ checkpoint, backfill }: ReactionTable, event: StoredEvent): boolean =>
  (isHistory(backfill, event) ? backfill!.checkpoint : checkpoint) >= event.position;

/** What the envelopes of the events say that a reaction raises in answer to this one. */
export const causedBy = ({ correlationId, id, actor, traceparent }: StoredEvent | Envelope, raisedBy: string) => ({
  correlationId,
  causationId: id,
  raisedBy,
  actor,
  traceparent,
});

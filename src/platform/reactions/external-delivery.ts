import { StoredEvent } from '../event-log/event-log';
import { withinRequest } from '../unit-of-work/cause';
import { Delivery, isNobodysFault } from './delivery';
import { mayBeAlive, PROCESS } from './holder';
import { isPassed, Portion, ReactionBooks } from './reaction-books';
import { atOnce } from './reaction-definition';
import { Backfill, DeferredTable, ReactionTable } from './reaction.tables';

/** Calls to the outside are slow and may happen twice after a crash, so few stand between two checkpoints. */
const BATCH = 32;
/** How long a process may call out before another takes over from it, in milliseconds: at least so long, and longer than any call. */
const SHORTEST_LEASE = 60_000;

interface Failure {
  readonly error: unknown;
  /** Nothing works, and the event is not to blame. */
  readonly isOutage: boolean;
}

/**
 * Carries events to a reaction that talks to the outside. Each is handled outside any transaction; then what became of
 * all of them is stored in one.
 */
export class ExternalDelivery implements Delivery {
  /** Until when no other process may call out. */
  private heldUntil = 0;
  /** Milliseconds. A call begins in the first half of it, and is given up before the second is over. */
  private readonly lease: number;

  constructor(private readonly books: ReactionBooks) {
    this.lease = Math.max(SHORTEST_LEASE, 2 * books.reaction.timeLimit);
  }

  next(): Promise<boolean> {
    return this.callOutForNext(BATCH);
  }

  one(): Promise<boolean> {
    return this.callOutForNext(1);
  }

  private async callOutForNext(limit: number): Promise<boolean> {
    const { books } = this;
    const startedAt = books.now();
    const unclaimed = await books.state();
    if (!unclaimed.backfill && (await books.after(unclaimed, 1)).length === 0) return false;
    if (!(await this.mayCallOut())) return false;
    const state = await books.state();
    const portion = await books.next(state, limit);
    if (portion.events.length === 0) return false;
    const { handled, failures, parked, fault } = await this.callOutForAll(portion, state.backfill);
    if (handled.length > 0) await books.inUnitOfWork(() => this.store(portion, handled, failures, parked, startedAt));
    if (fault) throw fault.error;
    return handled.length === limit || books.isBackfilling;
  }

  async retry(event: StoredEvent, find: () => Promise<DeferredTable | undefined>): Promise<boolean> {
    const startedAt = this.books.now();
    if (!(await this.mayCallOut())) return false;
    await this.callOut(event);
    this.books.succeeded(event);
    await this.books.inUnitOfWork(async () => {
      const row = await find();
      if (!row) return;
      await this.books.tools.deferred.settle(row);
      this.books.record([event], startedAt);
    });
    return true;
  }

  /** Lets another process call out at once. A lease that cannot be given back runs out by itself. */
  async stop(): Promise<void> {
    await this.books.inUnitOfWork(() => this.release()).catch(() => undefined);
  }

  /**
   * Several at a time, but those of a stream one after another, until they are done, somebody wants the reaction to stop,
   * or something is out of order. Whoever is outside takes its time, and what they store meanwhile shares transactions.
   *
   * @returns those that the checkpoint may pass, in order, and what became of them
   */
  private async callOutForAll({ events, leftOut, backfill }: Portion, underWay: Backfill | undefined) {
    const { books } = this;
    const tried: StoredEvent[] = [];
    const failures = new Map<StoredEvent, Failure>();
    const parked = new Set<StoredEvent>();
    const blocked = await books.blocked(events, underWay, backfill !== undefined);
    const calls = new Map<string, Promise<void>>();
    const lanes = Array.from({ length: this.width(events) }, (_, lane) => lane);
    let fault: { readonly at: number; readonly error: unknown } | undefined;
    const stopAt = (at: number, error: unknown) => {
      if (!fault || at < fault.at) fault = { at, error };
    };

    const call = async (event: StoredEvent, at: number): Promise<void> => {
      const lane = lanes.pop()!;
      try {
        const failure = await this.attempt(event, lane);
        if (!failure) return;
        failures.set(event, failure);
        if (books.reaction.onFailure === 'park') blocked.add(event.stream);
      } catch (error) {
        stopAt(at, error);
      } finally {
        lanes.push(lane);
        calls.delete(event.stream);
      }
    };
    // In their order, so what was tried is all up to the last one that was.
    for (const [at, event] of events.entries()) {
      await calls.get(event.stream);
      if (lanes.length === 0) await Promise.race(calls.values());
      // The first one is tried during an outage as well, to see whether it is over.
      if (books.isStopping || fault || (books.outage.isOn && tried.length > 0)) break;
      const mayBeTried = !leftOut.has(event) && !blocked.has(event.stream);
      if (mayBeTried) {
        const isMine = await this.mayCallOut().catch((error: unknown) => stopAt(at, error));
        if (!isMine) break;
        calls.set(event.stream, call(event, at));
      } else if (!leftOut.has(event)) parked.add(event);
      tried.push(event);
    }
    await Promise.all(calls.values());
    return { handled: tried.slice(0, fault?.at), failures, parked, fault };
  }

  /**
   * When the process has died while one of these events was under way, they go one after another: then only the one that it
   * dies of is counted once more, and not those that were beside it.
   */
  private width(events: readonly StoredEvent[]): number {
    const { reaction, tools } = this.books;
    const isSuspicious = events.some(({ position }) => tools.unfinished.hasBegun(reaction.name, position));
    return isSuspicious ? 1 : atOnce(reaction);
  }

  /** @returns why the event has failed, if it has. @throws what is nobody's fault */
  private async attempt(event: StoredEvent, lane: number): Promise<Failure | undefined> {
    try {
      await this.callOut(event, lane);
      this.books.succeeded(event);
      return undefined;
    } catch (error) {
      if (isNobodysFault(error)) throw error;
      return { error, isOutage: this.books.blame(event, error) };
    }
  }

  /** Inside a unit of work: what became of each event. */
  private async store(
    portion: Portion,
    handled: readonly StoredEvent[],
    failures: ReadonlyMap<StoredEvent, Failure>,
    parked: ReadonlySet<StoredEvent>,
    startedAt: string,
  ): Promise<void> {
    const { books } = this;
    const state = await books.state();
    const { backfill, leftOut } = portion;
    const last = handled[handled.length - 1];
    // Another process took over because this one was too slow, and has come further.
    if (isPassed(state, last)) return;
    // An operator may have skipped what the parked ones were to wait behind.
    const stillBlocked = await books.blocked(parked, state.backfill, backfill !== undefined);
    for (const event of handled) {
      const failure = failures.get(event);
      if (leftOut.has(event)) {
        books.leaveOut(event);
        continue;
      }
      if (failure) books.defer(event, failure.error, undefined, failure.isOutage);
      else if (!parked.has(event)) continue;
      else if (stillBlocked.has(event.stream)) books.park(event);
      else books.postpone(event);
      stillBlocked.add(event.stream);
    }
    if (backfill) await books.passHistory(portion, handled, stillBlocked);
    else books.moveTo(last.position);
    books.record(handled, startedAt);
  }

  /** Of several processes, one calls out at a time. @returns whether it is this one, for long enough */
  private async mayCallOut(): Promise<boolean> {
    const now = this.books.tools.clock.now().getTime();
    if (this.heldUntil - now > this.lease / 2) return true;
    const state = await this.books.inUnitOfWork(() => this.claim(now));
    const mine = state.holder === PROCESS;
    this.heldUntil = mine ? state.heldUntil! : 0;
    if (!mine) this.books.nextDue = state.heldUntil!;
    return mine;
  }

  private async claim(now: number): Promise<ReactionTable> {
    const state = await this.books.state();
    const { holder, heldUntil = 0 } = state;
    if (holder && holder !== PROCESS && heldUntil > now && mayBeAlive(holder)) return state;
    const claimed = { ...state, holder: PROCESS, heldUntil: now + this.lease };
    this.books.tools.work.put(ReactionTable, claimed);
    return claimed;
  }

  private async release(): Promise<void> {
    const state = await this.books.state();
    if (state.holder === PROCESS) {
      this.books.tools.work.put(ReactionTable, { ...state, holder: undefined, heldUntil: undefined });
    }
  }

  private async callOut(event: StoredEvent, lane = 0): Promise<void> {
    const { correlationId, actor, traceparent, id } = event;
    const request = { correlationId, causationId: id, actor, traceparent };
    try {
      await withinRequest(request, () => this.books.handle(event, lane));
    } finally {
      this.books.finished(lane);
    }
  }
}

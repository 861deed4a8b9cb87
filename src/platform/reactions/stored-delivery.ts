import { StoredEvent } from '../event-log/event-log';
import { currentScope, Scope } from '../unit-of-work/scope';
import { VersionConflict } from '../unit-of-work/write-set';
import { Delivery, isNobodysFault } from './delivery';
import { isHistory } from './history';
import { causedBy, isPassed, Portion, ReactionBooks } from './reaction-books';
import { DeferredTable } from './reaction.tables';

/** More than what follows from the largest group of commands, or a reaction to several types would fall behind for good. */
const BATCH = 256;

/**
 * Carries events to a reaction that stores. A batch is handled in one unit of work, in which the checkpoint moves as
 * well, so an event that is delivered again has no second effect.
 */
export class StoredDelivery implements Delivery {
  constructor(private readonly books: ReactionBooks) {}

  private get batch(): number {
    return this.books.reaction.batch ?? BATCH;
  }

  async next(): Promise<boolean> {
    try {
      const handled = await this.books.inUnitOfWork(() => this.handleNext(this.batch));
      return handled === this.batch || this.books.isBackfilling;
    } catch (error) {
      if (isNobodysFault(error) || this.books.isStopping) throw error;
      // Something went wrong that cannot be laid at one event's door while they share a transaction.
      return this.oneByOne();
    }
  }

  async one(): Promise<boolean> {
    let tried: StoredEvent | undefined;
    try {
      return (await this.books.inUnitOfWork(() => this.handleNext(1, (event) => (tried = event)))) > 0;
    } catch (error) {
      if (isNobodysFault(error) || !tried) throw error;
      const culprit = tried;
      await this.books.inUnitOfWork(() => this.passOver(culprit, error));
      return true;
    }
  }

  async retry(event: StoredEvent, find: () => Promise<DeferredTable | undefined>): Promise<boolean> {
    const { deferred } = this.books.tools;
    const startedAt = this.books.now();
    await this.books.inUnitOfWork(async () => {
      const row = await find();
      if (!row) return;
      try {
        await this.deliver(event, currentScope()!);
      } finally {
        this.books.finished();
      }
      await deferred.settle(row);
      this.books.record([event], startedAt);
    });
    this.books.succeeded(event);
    return true;
  }

  async stop(): Promise<void> {}

  /** Each event of the batch in a transaction of its own, so that a failure takes no other event with it. */
  private async oneByOne(): Promise<boolean> {
    for (let done = 0; done < this.batch && !this.books.isStopping; done++) {
      if (!(await this.one())) return this.books.isBackfilling;
      this.books.tools.onProgress();
    }
    return true;
  }

  /** Inside a unit of work: handles the next events after the checkpoint and moves it. @returns how many there were */
  private async handleNext(limit: number, onTry?: (event: StoredEvent) => void): Promise<number> {
    const { books } = this;
    const { transaction } = currentScope()!;
    const startedAt = books.now();
    const standing = await books.tools.standings.of(books.reaction.name);
    const portion = await books.next(standing, limit, transaction);
    const { events, backfill } = portion;
    if (events.length === 0) return 0;
    const mayBeBlocked = standing.leavesBehind || standing.backfill;
    const blocked = mayBeBlocked
      ? await books.blocked(events, standing.backfill, backfill !== undefined)
      : new Set<string>();
    const handled = await this.handleAll(portion, blocked, onTry).finally(() => books.finished());
    // With nothing left to read, all that was committed before this transaction is behind this reaction.
    const last = handled[handled.length - 1].position;
    const isAll = events.length < limit && handled.length === events.length;
    if (backfill) await books.passHistory(portion, handled, blocked);
    else books.moveTo(isAll ? Math.max(last, transaction.head) : last);
    books.record(handled, startedAt);
    return handled.length;
  }

  /** One after another, to the end or to an outage. @returns those that the checkpoint may pass */
  private async handleAll(
    { events, leftOut }: Portion,
    blocked: Set<string>,
    onTry?: (event: StoredEvent) => void,
  ): Promise<readonly StoredEvent[]> {
    const { books } = this;
    const scope = currentScope()!;
    for (const [at, event] of events.entries()) {
      if (leftOut.has(event)) {
        books.leaveOut(event);
        continue;
      }
      if (blocked.has(event.stream)) {
        books.park(event);
        continue;
      }
      onTry?.(event);
      try {
        await this.deliver(event, scope);
        books.succeeded(event);
      } catch (error) {
        const { spoiled } = scope.transaction;
        if (spoiled || error instanceof VersionConflict || isNobodysFault(error) || onTry) throw error;
        books.defer(event, error);
        if (books.outage.isOn) return events.slice(0, at + 1);
        if (books.reaction.onFailure === 'park') blocked.add(event.stream);
      }
    }
    return events;
  }

  /** Inside a unit of work: the event could not be handled; it waits beside the checkpoint, which moves on. */
  private async passOver(event: StoredEvent, error: unknown): Promise<void> {
    const state = await this.books.state();
    // Another process may have handled it meanwhile.
    if (isPassed(state, event)) return;
    const { backfill } = state;
    const isOfHistory = isHistory(backfill, event);
    // Others may have handled a later one meanwhile, as nobody could know of a cut that was rolled back: it is tried once more.
    if (isOfHistory && backfill!.cut === undefined) return void (await this.books.cut());
    this.books.defer(event, error);
    if (!isOfHistory) return this.books.moveTo(event.position);
    await this.books.passHistory({ backfill: backfill!, leftOut: new Set() }, [event], new Set([event.stream]));
  }

  /** Gives one event to the handler, in a smaller unit of work that is dropped when the handler throws. */
  private deliver(event: StoredEvent, scope: Scope): Promise<unknown> {
    const { reaction, tools } = this.books;
    return tools.work.within(scope, causedBy(event, reaction.name), () => this.books.handle(event));
  }
}

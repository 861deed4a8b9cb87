import { AsyncResource } from 'node:async_hooks';
import { Delivery, isNobodysFault } from './delivery';
import { Pause } from './outage';
import { ExternalDelivery } from './external-delivery';
import { ReactionBooks, ReactionTools } from './reaction-books';
import { ReactionDefinition } from './reaction-definition';
import { StoredDelivery } from './stored-delivery';

const RETRIES_AT_ONCE = 20;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/**
 * Decides when a reaction gets its events. It sleeps until it is woken, or until a deferred event is due; idle, it
 * costs nothing.
 */
export class ReactionRunner {
  private readonly books: ReactionBooks;
  private readonly delivery: Delivery;
  private readonly ownContext = new AsyncResource('ReactionRunner');
  private running: Promise<void> | undefined;
  private wokenMeanwhile = false;
  private pause = FIRST_PAUSE;
  private probes = 0;
  private cancelTimer: () => void = () => undefined;

  constructor(reaction: ReactionDefinition, tools: ReactionTools) {
    this.books = new ReactionBooks(reaction, tools);
    this.delivery = reaction.mode === 'external' ? new ExternalDelivery(this.books) : new StoredDelivery(this.books);
  }

  /** That nothing works which it tries, and since when. */
  get paused(): Pause | undefined {
    return this.books.outage.asSeen;
  }

  get isWorking(): boolean {
    return this.running !== undefined;
  }

  /** There may be something to do. @param recheck deferred events may have become due by another's hand */
  wake(recheck = false): void {
    if (recheck) this.books.nextDue = undefined;
    if (this.books.isStopping) return;
    this.wokenMeanwhile = true;
    this.running ??= this.ownContext.runInAsyncScope(() => this.run());
  }

  /**
   * Brings the reaction up to an event that may kill the process, one by one. Called before anything else runs, so that
   * nothing else can be to blame.
   */
  async tryAlone(position: number): Promise<void> {
    const { books, delivery } = this;
    const { deferred } = books.tools;
    while ((await books.hasToCome(position)) && (await delivery.one()));
    if ((await deferred.find(books.reaction.name, position))?.state === 'retrying') await this.retry(position);
  }

  /** Finishes what is at hand and starts nothing else. A handler that hangs is left behind after a few seconds. */
  async stop(): Promise<void> {
    this.books.stopping.begin();
    this.cancelTimer();
    await this.running;
    await this.delivery.stop();
  }

  private async run(): Promise<void> {
    const { books, delivery } = this;
    this.cancelTimer();
    try {
      while (this.wokenMeanwhile && !books.isStopping) {
        this.wokenMeanwhile = false;
        if (books.outage.isOn) await this.probe();
        while (this.mayGoOn && (await delivery.next())) {
          books.tools.onProgress();
          // A back-fill takes its time, and what is due does not wait for its end.
          if (books.isBackfilling) await this.retryDue();
        }
        if (this.mayGoOn && (await this.retryDue())) this.wokenMeanwhile = true;
      }
      this.pause = FIRST_PAUSE;
      this.sleepUntilDue();
    } catch (error) {
      // Not this event's fault: the database is locked, full or closed. Nothing was tried, so no attempt is counted.
      if (!books.isStopping) books.complain(`pauses for ${this.pause} ms: ${String(error)}`);
      books.nextDue = undefined;
      this.sleep(this.pause);
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    } finally {
      this.running = undefined;
      books.tools.onProgress();
      if (this.wokenMeanwhile && this.pause === FIRST_PAUSE) this.wake();
    }
  }

  private get mayGoOn(): boolean {
    return !this.books.isStopping && !this.books.outage.isOn;
  }

  /** Tries one event, if it is time, to see whether an outage is over: in turns one that has failed and one that is new. */
  private async probe(): Promise<void> {
    const { books, delivery } = this;
    if (books.outage.wait > 0) return;
    this.probes++;
    const isNew = this.probes % 2 === 1;
    if (isNew && (await delivery.one())) return books.outage.probed();
    const waiting = await books.tools.deferred.next(books.reaction.name, RETRIES_AT_ONCE);
    if (waiting.length > 0) await this.retry(waiting[(this.probes >> 1) % waiting.length].position);
    else if (isNew || !(await delivery.one())) books.outage.forget();
    books.outage.probed();
  }

  private sleepUntilDue(): void {
    if (this.books.outage.isOn) return this.sleep(this.books.outage.wait);
    const { nextDue } = this.books;
    if (nextDue !== undefined && nextDue !== Infinity) this.sleep(Math.max(0, nextDue - this.now()));
  }

  private sleep(ms: number): void {
    if (this.books.isStopping) return;
    this.cancelTimer();
    this.cancelTimer = this.books.tools.clock.after(ms, () => this.wake());
  }

  /** Tries deferred events again whose time has come. @returns whether any was handled, so that others may be free */
  private async retryDue(): Promise<boolean> {
    const { books } = this;
    if (books.nextDue !== undefined && books.nextDue > this.now()) return false;
    // Whoever makes an event due while this looks, or tries, forgets the time again.
    books.nextDue = Infinity;
    const next = await books.tools.deferred.next(books.reaction.name, RETRIES_AT_ONCE);
    const due = next.filter(({ dueAt }) => dueAt <= this.now());
    for (const { position } of due) {
      if (!this.mayGoOn) return false;
      if (!(await this.retry(position))) return false;
      books.tools.onProgress();
    }
    if (due.length) books.nextDue = undefined;
    else if (books.nextDue !== undefined) books.nextDue = next[0]?.dueAt ?? Infinity;
    return due.length > 0;
  }

  /** @returns whether it was this process's turn to try */
  private async retry(position: number): Promise<boolean> {
    const { books } = this;
    const { deferred, log } = books.tools;
    const [event] = await log.at([position]);
    const find = async () => {
      const row = await deferred.find(books.reaction.name, position);
      return row?.state === 'retrying' ? row : undefined;
    };
    try {
      return await this.delivery.retry(event, find);
    } catch (error) {
      if (isNobodysFault(error)) throw error;
      await books.inUnitOfWork(async () => {
        const row = await find();
        if (row) books.defer(event, error, row);
      });
      return true;
    }
  }

  private now(): number {
    return this.books.tools.clock.now().getTime();
  }
}

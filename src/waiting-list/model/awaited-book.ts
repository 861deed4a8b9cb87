import { AggregateRoot } from '@nestjs/cqrs';
import { WaitersCalled } from '../waiting-list.events';
import { NothingToWaitFor, WaitedInVain } from './waiting-list.errors';
import type { Wait } from './subscription';

/** What the waiting list knows of a book, as it is stored. */
export interface AwaitedBookState {
  readonly bookId: string;
  readonly title: string;
  readonly isPublished: boolean;
  readonly isInStock: boolean;
  readonly isWithdrawn: boolean;
  /** Who joins now waits for this call, counted from 1. */
  readonly nextCall: number;
  /** Whether anybody has joined since the last call. Most books are waited for by nobody. */
  readonly isAwaited: boolean;
}

/** A book that may be waited for: the waiting list's own copy of what the catalog and the inventory tell of it. */
export class AwaitedBook extends AggregateRoot {
  private constructor(private state: AwaitedBookState) {
    super();
  }

  /** A book that nothing else is known of. */
  static called(title: string, bookId: string): AwaitedBook {
    const nothing = { isPublished: false, isInStock: false, isWithdrawn: false, isAwaited: false };
    return new AwaitedBook({ bookId, title, ...nothing, nextCall: 1 });
  }

  static restore(state: AwaitedBookState): AwaitedBook {
    return new AwaitedBook(state);
  }

  /**
   * Lets somebody wait for what has to happen next: that the book comes out, and for a book that is out, that there are
   * copies of it.
   *
   * @throws NothingToWaitFor when it is out and in stock; WaitedInVain when it is withdrawn
   */
  admit(): Pick<Wait, 'for' | 'call'> {
    const { bookId, isPublished, isInStock, isWithdrawn, nextCall } = this.state;
    if (isWithdrawn) throw new WaitedInVain(bookId);
    if (isPublished && isInStock) throw new NothingToWaitFor(bookId);
    this.state = { ...this.state, isAwaited: true };
    return { for: isPublished ? 'back-in-stock' : 'published', call: nextCall };
  }

  retitle(title: string): void {
    this.state = { ...this.state, title };
  }

  /** The book has come out, which is what those waited for who have joined before. */
  bringOut(): void {
    this.state = { ...this.state, isPublished: true };
    this.call('published');
  }

  /** The book will never be sold again, so nobody waits any longer. */
  withdraw(): void {
    this.state = { ...this.state, isWithdrawn: true };
    this.call('withdrawn');
  }

  runOut(): void {
    this.state = { ...this.state, isInStock: false };
  }

  /** There are copies of the book. Those who wait for one that is not out yet go on waiting. */
  replenish(): void {
    this.state = { ...this.state, isInStock: true };
    if (this.state.isPublished) this.call('back-in-stock');
  }

  /** There are more who waited for a call than could be told at once. */
  goOnCalling({ call, why }: Pick<WaitersCalled, 'call' | 'why'>): void {
    const { bookId, title } = this.state;
    this.apply(new WaitersCalled({ bookId, title, call, why }));
  }

  snapshot(): AwaitedBookState {
    return this.state;
  }

  /** Everybody who has joined so far is to be told, and nobody who joins from now on. */
  private call(why: WaitersCalled['why']): void {
    const { nextCall, isAwaited } = this.state;
    if (!isAwaited) return;
    this.state = { ...this.state, nextCall: nextCall + 1, isAwaited: false };
    this.goOnCalling({ call: nextCall, why });
  }
}

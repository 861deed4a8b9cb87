import { AggregateRoot } from '@nestjs/cqrs';
import { JoinedWaitingList, LeftWaitingList, WaitEnded } from '../waiting-list.events';

/** What somebody waits for. */
export interface Wait {
  readonly for: 'published' | 'back-in-stock';
  /** The call of the book's that ends it. */
  readonly call: number;
  readonly since: Date;
}

/** A subscription as it is stored. There is one for each person and book. */
export interface SubscriptionState {
  readonly id: string;
  readonly bookId: string;
  /** In lower case: it is the same person however the address is typed. */
  readonly email: string;
  /** Missing where nothing is waited for any more. */
  readonly wait?: Wait;
}

/** That somebody wants to be told of a book. It stays when the wait is over, and joining again begins another one. */
export class Subscription extends AggregateRoot {
  readonly id: string;

  private constructor(private state: SubscriptionState) {
    super();
    this.id = state.id;
  }

  /** The subscription of somebody who has never waited for this book. */
  static of(person: Omit<SubscriptionState, 'wait'>): Subscription {
    return new Subscription(person);
  }

  static restore(state: SubscriptionState): Subscription {
    return new Subscription(state);
  }

  /**
   * Begins to wait. To ask for the same wait again changes nothing. A wait that is over, and of which this person is only
   * going to be told, ends first.
   */
  join(wait: Wait, title: string): void {
    const { id, bookId, email, wait: before } = this.state;
    if (before?.call === wait.call) return;
    if (before) this.end(before.for, title);
    this.state = { ...this.state, wait };
    this.apply(new JoinedWaitingList({ subscriptionId: id, bookId, email, waitsFor: wait.for }));
  }

  /** Waits no longer. Who does not wait has nothing to leave. */
  leave(): void {
    const { id, bookId, email, wait } = this.state;
    if (!wait) return;
    this.state = { ...this.state, wait: undefined };
    this.apply(new LeftWaitingList({ subscriptionId: id, bookId, email }));
  }

  /** Ends the wait: it has happened, or never will. */
  end(why: WaitEnded['why'], title: string): void {
    const { id, bookId, email, wait } = this.state;
    if (!wait) return;
    this.state = { ...this.state, wait: undefined };
    this.apply(new WaitEnded({ subscriptionId: id, bookId, title, email, why }));
  }

  snapshot(): SubscriptionState {
    return this.state;
  }
}

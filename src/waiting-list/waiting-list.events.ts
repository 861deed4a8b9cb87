/** Somebody wants to be told when a book comes out, or when it is in stock again. */
export class JoinedWaitingList {
  static readonly type = 'waiting-list.joined-waiting-list';
  readonly subscriptionId: string;
  readonly bookId: string;
  /** In lower case. */
  readonly email: string;
  readonly waitsFor: 'published' | 'back-in-stock';

  constructor(facts: JoinedWaitingList) {
    Object.assign(this, facts);
  }
}

/** Somebody does not want to be told any more. */
export class LeftWaitingList {
  static readonly type = 'waiting-list.left-waiting-list';
  readonly subscriptionId: string;
  readonly bookId: string;
  readonly email: string;

  constructor(facts: LeftWaitingList) {
    Object.assign(this, facts);
  }
}

/** What somebody has waited for has happened, or never will. */
export class WaitEnded {
  static readonly type = 'waiting-list.wait-ended';
  readonly subscriptionId: string;
  readonly bookId: string;
  readonly title: string;
  readonly email: string;
  readonly why: 'published' | 'back-in-stock' | 'withdrawn';

  constructor(facts: WaitEnded) {
    Object.assign(this, facts);
  }
}

/** The waits for a book are over, and as many of them as go into one transaction end next. Raised until none is left. */
export class WaitersCalled {
  static readonly type = 'waiting-list.waiters-called';
  readonly bookId: string;
  readonly title: string;
  /** Which call of the book's it is, counted from 1. Whoever joins later waits for the next one. */
  readonly call: number;
  readonly why: 'published' | 'back-in-stock' | 'withdrawn';

  constructor(facts: WaitersCalled) {
    Object.assign(this, facts);
  }
}

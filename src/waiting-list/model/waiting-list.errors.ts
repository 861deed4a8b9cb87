import { NotFound, Refused } from '../../kernel/domain-error';

/** The waiting list has not heard of a book with this id. */
export class BookNotFound extends NotFound {
  constructor(bookId: string) {
    super('book-not-found', `book ${bookId} is not in the catalog`, { bookId });
  }
}

/** Nobody on the waiting list of this book has this id. */
export class SubscriptionNotFound extends NotFound {
  constructor(subscriptionId: string) {
    super('subscription-not-found', `the waiting list has no subscription ${subscriptionId}`, { subscriptionId });
  }
}

/** The book can be bought now. */
export class NothingToWaitFor extends Refused {
  constructor(bookId: string) {
    super('nothing-to-wait-for', `book ${bookId} is not waited for: it is published and in stock`, { bookId });
  }
}

/** The book will never come. */
export class WaitedInVain extends Refused {
  constructor(bookId: string) {
    super('waited-in-vain', `book ${bookId} is not waited for: it is WITHDRAWN`, { bookId });
  }
}

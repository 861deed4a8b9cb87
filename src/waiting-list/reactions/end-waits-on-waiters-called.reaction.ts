import { IEventHandler } from '@nestjs/cqrs';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { AwaitedBookRepository } from '../persistence/awaited-book.repository';
import { SubscriptionRepository } from '../persistence/subscription.repository';
import { WaitersCalled } from '../waiting-list.events';

/** So many waits end in one transaction, however many there are. */
export const PAGE = 100;

/**
 * Ends the waits that a call ends, a page at a time. The call is raised again where there may be more, so that each page is
 * a transaction of its own, and a crash in between goes on where it was.
 */
@Reaction(WaitersCalled, 'waiting-list.end-waits', { batch: 1 })
export class EndWaitsOnWaitersCalled implements IEventHandler<WaitersCalled> {
  constructor(
    private readonly books: AwaitedBookRepository,
    private readonly subscriptions: SubscriptionRepository,
  ) {}

  async handle(event: WaitersCalled): Promise<void> {
    const { bookId, title, call, why } = event;
    const page = await this.subscriptions.waitingFor(bookId, call, PAGE);
    for (const subscription of page) {
      subscription.end(why, title);
      await this.subscriptions.save(subscription);
      subscription.commit();
    }
    if (page.length < PAGE) return;

    const book = await this.books.get(bookId);
    book.goOnCalling(event);
    await this.books.save(book);
    book.commit();
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { BookAdded, BookPublished, BookRevised, BookWithdrawn } from '../../catalog/catalog.events';
import { StockRanOut, StockReplenished } from '../../inventory/inventory.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { AwaitedBook } from '../model/awaited-book';
import { AwaitedBookRepository } from '../persistence/awaited-book.repository';

type News = BookAdded | BookRevised | BookPublished | BookWithdrawn | StockRanOut | StockReplenished;

/**
 * Keeps what the waiting list knows of each book, and calls those who wait when it has happened. It is one reaction and
 * one transaction, so whoever joins is either called or told that there is nothing to wait for.
 */
@Reaction(
  [BookAdded, BookRevised, BookPublished, BookWithdrawn, StockRanOut, StockReplenished],
  'waiting-list.call-waiters',
  { from: 'beginning' },
)
export class CallWaitersOnBookStep implements IEventHandler<object> {
  constructor(private readonly books: AwaitedBookRepository) {}

  async handle(event: News): Promise<void> {
    const { bookId, title } = event;
    // What the inventory tells does not wait for what the catalog tells, and may be heard of first after a failure.
    const book = (await this.books.find(bookId)) ?? AwaitedBook.called(title, bookId);
    if (event instanceof BookAdded || event instanceof BookRevised) book.retitle(title);
    if (event instanceof BookPublished) book.bringOut();
    if (event instanceof BookWithdrawn) book.withdraw();
    if (event instanceof StockRanOut) book.runOut();
    if (event instanceof StockReplenished) book.replenish();
    await this.books.save(book);
    book.commit();
  }
}

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
    // Not looked for, as there are many and each is new. Should this one fail, what follows is tried again after it.
    const book = event instanceof BookAdded ? AwaitedBook.add(event) : await this.books.get(event.bookId);
    if (event instanceof BookRevised) book.retitle(event.title);
    if (event instanceof BookPublished) book.bringOut();
    if (event instanceof BookWithdrawn) book.withdraw();
    if (event instanceof StockRanOut) book.runOut();
    if (event instanceof StockReplenished) book.replenish();
    await this.books.save(book);
    book.commit();
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { BookAdded, BookRevised, BookWithdrawn } from '../../catalog/catalog.events';
import { envelopeOf } from '../../platform/event-log/envelope';
import { Key, Column, OptionalColumn, Projection, ReadTable } from '../../platform/projections/projection';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';

/** What is said of a book that is recommended. */
@ReadTable('recommendations_book')
export class BookTable {
  @Key() bookId: string;
  @Column() title: string;
  /** Since when it is not recommended any more. */
  @OptionalColumn() withdrawnAt?: string;
}

/** Keeps the books that there are, with their titles. */
@Projection([BookAdded, BookRevised, BookWithdrawn], 'recommendations.books', { tables: [BookTable] })
export class BooksProjection implements IEventHandler<object> {
  constructor(private readonly work: UnitOfWork) {}

  handle(event: BookAdded | BookRevised | BookWithdrawn): void {
    const { bookId, title } = event;
    if (event instanceof BookAdded) this.work.put(BookTable, { bookId, title });
    if (event instanceof BookRevised) this.work.change(BookTable, bookId, { title });
    if (event instanceof BookWithdrawn) {
      this.work.change(BookTable, bookId, { withdrawnAt: envelopeOf(event).occurredAt });
    }
  }
}

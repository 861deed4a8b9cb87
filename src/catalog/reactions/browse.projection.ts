import { IEventHandler } from '@nestjs/cqrs';
import { StockReplenished, StockRanOut } from '../../inventory/inventory.events';
import {
  Column,
  IndexOn,
  Key,
  OptionalColumn,
  Projection,
  ReadTable,
  SearchOn,
} from '../../platform/projections/projection';
import { wordsIn } from '../../platform/projections/words';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { BookAdded, BookPublished, BookRepriced, BookRevised, BookWithdrawn } from '../catalog.events';

/** What somebody who browses the shop sees of a book. Withdrawn books are not in it. */
@ReadTable('catalog_browse')
@IndexOn('catalog_browse_author', 'author', 'bookId')
@IndexOn('catalog_browse_in_stock', 'inStock', 'bookId')
@IndexOn('catalog_browse_price', 'priceCurrency', 'inStock', 'priceAmount', 'bookId')
@SearchOn('words')
export class BrowseTable {
  @Key() bookId: string;
  @Column() title: string;
  @Column() author: string;
  @OptionalColumn() isbn?: string;
  @Column() priceAmount: number;
  @Column() priceCurrency: string;
  @Column() published: boolean;
  @Column() inStock: boolean;
  @Column() words: string;
}

/** Keeps the list of books that people browse. */
@Projection(
  [BookAdded, BookRevised, BookRepriced, BookPublished, BookWithdrawn, StockRanOut, StockReplenished],
  'catalog.browse',
  { tables: [BrowseTable] },
)
export class BrowseProjection implements IEventHandler<object> {
  constructor(private readonly work: UnitOfWork) {}

  handle(event: object): void {
    if (event instanceof BookAdded) this.add(event);
    if (event instanceof BookRevised) {
      const { title, author, isbn } = event;
      this.work.change(BrowseTable, event.bookId, { title, author, isbn, words: wordsIn(title, author) });
    }
    if (event instanceof BookRepriced) {
      this.work.change(BrowseTable, event.bookId, {
        priceAmount: event.price.amount,
        priceCurrency: event.price.currency,
      });
    }
    if (event instanceof BookPublished) this.work.change(BrowseTable, event.bookId, { published: true });
    if (event instanceof BookWithdrawn) this.work.remove(BrowseTable, event.bookId);
    if (event instanceof StockRanOut) this.work.change(BrowseTable, event.bookId, { inStock: false });
    if (event instanceof StockReplenished) this.work.change(BrowseTable, event.bookId, { inStock: true });
  }

  private add({ bookId, title, author, isbn, price }: BookAdded): void {
    this.work.put(BrowseTable, {
      bookId,
      title,
      author,
      isbn,
      priceAmount: price.amount,
      priceCurrency: price.currency,
      published: false,
      inStock: false,
      words: wordsIn(title, author),
    });
  }
}

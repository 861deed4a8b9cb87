import { IEventHandler } from '@nestjs/cqrs';
import { BookAdded, BookRepriced, BookRevised, BookWithdrawn } from '../../catalog/catalog.events';
import { Projection } from '../../platform/projections/projection';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { PriceTable } from '../persistence/price.table';

/** Keeps the price list that orders are placed by. */
@Projection([BookAdded, BookRevised, BookRepriced, BookWithdrawn], 'orders.price-list', { tables: [PriceTable] })
export class PriceListProjection implements IEventHandler<object> {
  constructor(private readonly work: UnitOfWork) {}

  handle(event: object): void {
    if (event instanceof BookAdded) {
      const { bookId, title, price } = event;
      this.work.put(PriceTable, { bookId, title, priceAmount: price.amount, priceCurrency: price.currency });
    }
    if (event instanceof BookRevised) this.work.change(PriceTable, event.bookId, { title: event.title });
    if (event instanceof BookRepriced) {
      this.work.change(PriceTable, event.bookId, {
        priceAmount: event.price.amount,
        priceCurrency: event.price.currency,
      });
    }
    if (event instanceof BookWithdrawn) this.work.remove(PriceTable, event.bookId);
  }
}

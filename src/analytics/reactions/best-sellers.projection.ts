import { IEventHandler } from '@nestjs/cqrs';
import { dayOf } from '../../kernel/day';
import { times } from '../../kernel/money';
import { OrderCancelled, OrderPlaced, OrderReturned } from '../../orders/orders.events';
import { envelopeOf } from '../../platform/event-log/envelope';
import { Column, IndexOn, Key, Projection, ReadTable } from '../../platform/projections/projection';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { periodsOf } from '../model/period';

/** What was sold of a book in a period, less what was cancelled and returned in it. */
@ReadTable('analytics_best_seller')
@IndexOn('analytics_best_seller_rank', 'period', 'copies', 'bookId')
export class BestSellerTable {
  @Key() period: string;
  @Key() bookId: string;
  /** As it was when the book was last ordered. */
  @Column() title: string;
  @Column() copies: number;
  /** In minor units, by currency. */
  @Column('simple-json') revenue: Readonly<Record<string, number>>;
}

/**
 * Ranks the books of all time and of each year, month and day, so that no period has to be added up when it is asked for.
 * An order changes four rows for each of its books, of which it has at most a hundred.
 */
@Projection([OrderPlaced, OrderCancelled, OrderReturned], 'analytics.best-sellers', { tables: [BestSellerTable] })
export class BestSellersProjection implements IEventHandler<object> {
  constructor(private readonly work: UnitOfWork) {}

  async handle(event: OrderPlaced | OrderCancelled | OrderReturned): Promise<void> {
    const isSale = event instanceof OrderPlaced;
    const periods = periodsOf(dayOf(envelopeOf(event).occurredAt));
    const lines = event.items.flatMap((item) => periods.map((period) => ({ ...item, period })));
    const keys = lines.map(({ period, bookId }) => [period, bookId]);
    const rows = await this.work.findMany(BestSellerTable, keys);
    const known = new Map(rows.map((row) => [`${row.period} ${row.bookId}`, row]));
    for (const { period, bookId, title, quantity, unitPrice } of lines) {
      const row = known.get(`${period} ${bookId}`) ?? { title, copies: 0, revenue: {} };
      const sold = isSale ? quantity : -quantity;
      const { amount, currency } = times(unitPrice, sold);
      this.work.put(BestSellerTable, {
        period,
        bookId,
        title: isSale ? title : row.title,
        copies: row.copies + sold,
        revenue: plus(row.revenue, currency, amount),
      });
    }
  }
}

/** Sorted, so that the same sums are stored as the same text. */
const plus = (sums: Readonly<Record<string, number>>, currency: string, amount: number): Record<string, number> => {
  const added = { ...sums, [currency]: (sums[currency] ?? 0) + amount };
  return Object.fromEntries(Object.entries(added).sort());
};

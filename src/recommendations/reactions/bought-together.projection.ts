import { IEventHandler } from '@nestjs/cqrs';
import { OrderCancelled, OrderPlaced } from '../../orders/orders.events';
import { Column, IndexOn, Key, Projection, ReadTable } from '../../platform/projections/projection';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { pairsOf } from '../model/basket';

/** In how many orders another book was bought together with a book. */
@ReadTable('recommendations_pair')
@IndexOn('recommendations_pair_rank', 'bookId', 'orders', 'otherId')
export class PairTable {
  @Key() bookId: string;
  @Key() otherId: string;
  @Column() orders: number;
}

/**
 * Counts the orders that two books have in common. A cancelled order was never bought, so it counts no more; a returned
 * one was, so it does. An order changes 380 rows at most.
 */
@Projection([OrderPlaced, OrderCancelled], 'recommendations.bought-together', { tables: [PairTable] })
export class BoughtTogetherProjection implements IEventHandler<object> {
  constructor(private readonly work: UnitOfWork) {}

  async handle(event: OrderPlaced | OrderCancelled): Promise<void> {
    const pairs = pairsOf(event.items.map(({ bookId }) => bookId));
    const rows = await this.work.findMany(PairTable, pairs);
    const known = new Map(rows.map((row) => [`${row.bookId} ${row.otherId}`, row.orders]));
    for (const [bookId, otherId] of pairs) {
      const orders = (known.get(`${bookId} ${otherId}`) ?? 0) + (event instanceof OrderPlaced ? 1 : -1);
      if (orders === 0) this.work.remove(PairTable, [bookId, otherId]);
      else this.work.put(PairTable, { bookId, otherId, orders });
    }
  }
}

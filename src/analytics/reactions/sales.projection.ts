import { IEventHandler } from '@nestjs/cqrs';
import { dayOf } from '../../kernel/day';
import { OrderCancelled, OrderPlaced, OrderReturned } from '../../orders/orders.events';
import { envelopeOf } from '../../platform/event-log/envelope';
import { Column, Key, Projection, ReadTable } from '../../platform/projections/projection';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';

/** What happened on a UTC day to orders in a currency; amounts in minor units. */
@ReadTable('analytics_day')
export class DayTable {
  @Key() day: string;
  @Key() currency: string;
  @Column() placed: number;
  @Column() cancelled: number;
  @Column() returned: number;
  /** In the orders that were placed. */
  @Column() copies: number;
  @Column() placedAmount: number;
  @Column() cancelledAmount: number;
  @Column() returnedAmount: number;
}

const nothingYet = (day: string, currency: string): DayTable => ({
  ...{ day, currency, placed: 0, cancelled: 0, returned: 0, copies: 0 },
  ...{ placedAmount: 0, cancelledAmount: 0, returnedAmount: 0 },
});

/**
 * Adds the sales of each day up. What is cancelled or returned counts on the day on which that happens, so that a day
 * that is over does not change any more.
 */
@Projection([OrderPlaced, OrderCancelled, OrderReturned], 'analytics.sales', { tables: [DayTable] })
export class SalesProjection implements IEventHandler<object> {
  constructor(private readonly work: UnitOfWork) {}

  async handle(event: OrderPlaced | OrderCancelled | OrderReturned): Promise<void> {
    const { items, total } = event;
    const day = dayOf(envelopeOf(event).occurredAt);
    const row = (await this.work.find(DayTable, [day, total.currency])) ?? nothingYet(day, total.currency);
    if (event instanceof OrderPlaced) {
      row.placed += 1;
      row.copies += items.reduce((sum, { quantity }) => sum + quantity, 0);
      row.placedAmount += total.amount;
    } else if (event instanceof OrderCancelled) {
      row.cancelled += 1;
      row.cancelledAmount += total.amount;
    } else {
      row.returned += 1;
      row.returnedAmount += total.amount;
    }
    this.work.put(DayTable, row);
  }
}

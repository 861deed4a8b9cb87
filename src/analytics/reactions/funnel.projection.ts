import { IEventHandler } from '@nestjs/cqrs';
import {
  OrderCancelled,
  OrderConfirmed,
  OrderDelivered,
  OrderPlaced,
  OrderReturned,
  OrderShipped,
} from '../../orders/orders.events';
import { Column, Key, Projection, ReadTable } from '../../platform/projections/projection';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { type Step, STEPS } from '../model/funnel';

/** How many orders have ever come to a step: a row for each of the six. */
@ReadTable('analytics_funnel')
export class FunnelTable {
  @Key('text') step: Step;
  @Column() orders: number;
}

const EVENTS = {
  placed: OrderPlaced,
  confirmed: OrderConfirmed,
  shipped: OrderShipped,
  delivered: OrderDelivered,
  cancelled: OrderCancelled,
  returned: OrderReturned,
} satisfies Record<Step, unknown>;

/** Counts how far orders come. An order comes to a step at most once. */
@Projection(Object.values(EVENTS), 'analytics.funnel', { tables: [FunnelTable] })
export class FunnelProjection implements IEventHandler<object> {
  constructor(private readonly work: UnitOfWork) {}

  async handle(event: object): Promise<void> {
    const step = STEPS.find((one) => event instanceof EVENTS[one])!;
    const row = (await this.work.find(FunnelTable, step)) ?? { step, orders: 0 };
    this.work.put(FunnelTable, { step, orders: row.orders + 1 });
  }
}

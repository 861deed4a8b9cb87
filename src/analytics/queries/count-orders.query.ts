import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { Step, STEPS } from '../model/funnel';

/** For each step how many orders have ever come to it. */
export type Funnel = Readonly<Record<Step, number>>;

/** How far the orders of all time have come. */
export class CountOrders extends Query<Funnel> {}

@QueryHandler(CountOrders)
export class CountOrdersHandler implements IQueryHandler<CountOrders> {
  constructor(private readonly database: ReadDatabase) {}

  async execute(): Promise<Funnel> {
    const rows = await this.database.all<{ step: Step; orders: number }>('SELECT step, orders FROM analytics_funnel');
    const counted = new Map(rows.map(({ step, orders }) => [step, orders]));
    return Object.fromEntries(STEPS.map((step) => [step, counted.get(step) ?? 0])) as Funnel;
  }
}

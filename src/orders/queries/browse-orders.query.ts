import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import type { OrderStatus } from '../model/order';
import { ORDER_COLUMNS, OrderDetails, OrderRow, toDetails } from './order-details';

export interface OrderFilter {
  readonly status?: OrderStatus;
  /** The customer's, as it was written in the order. */
  readonly email?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Orders in the order in which they were placed, one page at a time. */
export class BrowseOrders extends Query<Page<OrderDetails>> {
  constructor(readonly filter: OrderFilter) {
    super();
  }
}

@QueryHandler(BrowseOrders)
export class BrowseOrdersHandler implements IQueryHandler<BrowseOrders> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ filter }: BrowseOrders): Promise<Page<OrderDetails>> {
    const { status, email, limit, cursor } = filter;
    const conditions: [string, string | undefined][] = [
      // Ids are time-ordered, so the last one seen is all that a page needs to know.
      ['id > #', cursor && decodeCursor(cursor, ['string'])[0]],
      ['status = #', status],
      ['customer_email = #', email],
    ];
    const given = conditions.filter(([, value]) => value);
    const where = given.map(([condition], at) => condition.replace('#', `$${at + 1}`)).join(' AND ');
    const rows = await this.database.all<OrderRow>(
      `SELECT ${ORDER_COLUMNS} FROM orders_order ${where && `WHERE ${where}`} ORDER BY id LIMIT $${given.length + 1}`,
      [...given.map(([, value]) => value!), limit + 1],
    );
    return page(rows.map(toDetails), limit, ({ id }) => [id]);
  }
}

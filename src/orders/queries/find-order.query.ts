import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { OrderNotFound } from '../model/orders.errors';
import { ORDER_COLUMNS, OrderDetails, OrderRow, toDetails } from './order-details';

export class FindOrder extends Query<OrderDetails> {
  constructor(readonly orderId: string) {
    super();
  }
}

@QueryHandler(FindOrder)
export class FindOrderHandler implements IQueryHandler<FindOrder> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws OrderNotFound */
  async execute({ orderId }: FindOrder): Promise<OrderDetails> {
    const row = await this.database.first<OrderRow>(`SELECT ${ORDER_COLUMNS} FROM orders_order WHERE id = $1`, [
      orderId,
    ]);
    if (!row) throw new OrderNotFound(orderId);
    return toDetails(row);
  }
}

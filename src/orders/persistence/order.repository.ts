import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { Order } from '../model/order';
import { OrderNotFound } from '../model/orders.errors';
import { OrderTable } from './order.table';

/** The place of an order's events in the log. */
export const streamOf = (id: string) => `orders.order/${id}`;

@Injectable()
export class OrderRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** @throws OrderNotFound */
  async get(id: string): Promise<Order> {
    const row = await this.work.find(OrderTable, id);
    if (!row) throw new OrderNotFound(id);
    return this.work.track(toOrder(row), streamOf(id), row.version);
  }

  async save(order: Order): Promise<void> {
    const { customer, total, shipment, placedAt, ...state } = order.snapshot();
    this.work.save(order, streamOf(order.id), OrderTable, {
      ...state,
      customerName: customer.name,
      customerEmail: customer.email,
      totalAmount: total.amount,
      totalCurrency: total.currency,
      carrier: shipment?.carrier,
      trackingNumber: shipment?.trackingNumber,
      placedAt: placedAt.toISOString(),
    });
  }
}

function toOrder(row: OrderTable): Order {
  const { id, status, shippingAddress, items, carrier, trackingNumber, reason } = row;
  return Order.restore({
    id,
    status,
    customer: { name: row.customerName, email: row.customerEmail },
    shippingAddress,
    items,
    total: { amount: row.totalAmount, currency: row.totalCurrency },
    placedAt: new Date(row.placedAt),
    shipment: carrier && trackingNumber ? { carrier, trackingNumber } : undefined,
    reason,
  });
}

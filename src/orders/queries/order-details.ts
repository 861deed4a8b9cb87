import { Money, moneyToDecimal } from '../../kernel/money';
import type { OrderStatus, Shipment } from '../model/order';
import type { Customer, OrderItem } from '../orders.events';

/** An order as the shop shows it, alone and in lists. */
export interface OrderDetails {
  readonly id: string;
  readonly status: OrderStatus;
  readonly customer: Customer;
  readonly items: readonly OrderItem[];
  readonly total: Money;
  readonly shipment?: Shipment;
  /** Why it was cancelled or returned. */
  readonly reason?: string;
  readonly placedAt: string;
}

export interface OrderRow {
  id: string;
  status: OrderStatus;
  name: string;
  email: string;
  items: string;
  amount: number;
  currency: string;
  carrier: string | null;
  trackingNumber: string | null;
  reason: string | null;
  placedAt: string;
}

/** What to select from `orders_order` for an `OrderRow`. */
export const ORDER_COLUMNS = `id, status, customer_name AS "name", customer_email AS "email", items,
  total_amount AS "amount", total_currency AS "currency", carrier, tracking_number AS "trackingNumber", reason,
  placed_at AS "placedAt"`;

export const toDetails = (row: OrderRow): OrderDetails => ({
  id: row.id,
  status: row.status,
  customer: { name: row.name, email: row.email },
  items: (JSON.parse(row.items) as OrderItem[]).map((item) => ({
    ...item,
    unitPrice: moneyToDecimal(item.unitPrice),
  })),
  total: moneyToDecimal({ amount: row.amount, currency: row.currency }),
  shipment:
    row.carrier && row.trackingNumber ? { carrier: row.carrier, trackingNumber: row.trackingNumber } : undefined,
  reason: row.reason ?? undefined,
  placedAt: row.placedAt,
});

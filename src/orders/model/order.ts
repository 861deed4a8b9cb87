import { AggregateRoot } from '@nestjs/cqrs';
import { Invalid } from '../../kernel/domain-error';
import { Money, sum, times } from '../../kernel/money';
import { text } from '../../kernel/text';
import {
  Customer,
  OrderCancelled,
  OrderConfirmed,
  OrderDelivered,
  OrderItem,
  OrderPlaced,
  OrderReturned,
  OrderShipped,
} from '../orders.events';
import { MixedCurrencies, OrderStateForbids, PriceChanged } from './orders.errors';

export type OrderStatus = 'PENDING' | 'CONFIRMED' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED' | 'RETURNED';

/** Where an order may go from where it is. Any other move is refused. */
const moves: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['CONFIRMED', 'CANCELLED'],
  CONFIRMED: ['SHIPPED', 'CANCELLED'],
  SHIPPED: ['DELIVERED'],
  DELIVERED: ['RETURNED'],
  CANCELLED: [],
  RETURNED: [],
};

export const ORDER_STATUSES = Object.keys(moves) as readonly OrderStatus[];

/** What an order may hold. */
export const MOST_LINES = 100;
export const MOST_COPIES_PER_LINE = 1000;

/** Who carries the parcel, and under which number it can be followed. */
export interface Shipment {
  readonly carrier: string;
  readonly trackingNumber: string;
}

/** An order as it is stored. */
export interface OrderState {
  readonly id: string;
  readonly status: OrderStatus;
  readonly customer: Customer;
  readonly shippingAddress: string;
  readonly items: readonly OrderItem[];
  readonly total: Money;
  readonly placedAt: Date;
  readonly shipment?: Shipment;
  /** Why the order was cancelled or returned. */
  readonly reason?: string;
}

/** What a customer asks for, with titles and prices from the price list. */
export interface OrderRequest {
  readonly id: string;
  readonly customer: Customer;
  readonly shippingAddress: string;
  readonly lines: readonly OrderItem[];
  /** What the customer has been shown that it costs, if it is to be placed at no other price. */
  readonly expectedTotal?: Money;
  readonly placedAt: Date;
}

/** Books that a customer has ordered, from the order to the doorstep. */
export class Order extends AggregateRoot {
  readonly id: string;

  private constructor(private state: OrderState) {
    super();
    this.id = state.id;
  }

  /**
   * Places an order. Its titles and prices stay as they are now, whatever the catalog says later.
   * @throws Invalid for facts that no order has; MixedCurrencies where there is no total; PriceChanged when the total is
   *   not the expected one
   */
  static place({ id, customer, shippingAddress, lines, expectedTotal, placedAt }: OrderRequest): Order {
    const items = itemsOf(lines);
    const total = totalOf(items);
    if (expectedTotal && !isSame(expectedTotal, total)) throw new PriceChanged(expectedTotal, total, items);
    const order = new Order({
      id,
      status: 'PENDING',
      customer: customerOf(customer),
      shippingAddress: text(shippingAddress, 'shippingAddress', 1000),
      items,
      total,
      placedAt,
    });
    order.apply(new OrderPlaced({ ...order.factsWithAddress(), placedAt: placedAt.toISOString() }));
    return order;
  }

  static restore(state: OrderState): Order {
    return new Order(state);
  }

  /** Accepts the order. */
  confirm(): void {
    this.refuseUnlessMayBecome('CONFIRMED');
    this.state = { ...this.state, status: 'CONFIRMED' };
    this.apply(new OrderConfirmed(this.factsWithAddress()));
  }

  /** Hands the order to the carrier. */
  ship({ carrier, trackingNumber }: Shipment): void {
    this.refuseUnlessMayBecome('SHIPPED');
    const shipment = {
      carrier: text(carrier, 'carrier', 100),
      trackingNumber: text(trackingNumber, 'trackingNumber', 100),
    };
    this.state = { ...this.state, status: 'SHIPPED', shipment };
    this.apply(new OrderShipped({ ...this.factsWithAddress(), ...shipment }));
  }

  /** Notes that the order has reached its customer. */
  deliver(): void {
    this.refuseUnlessMayBecome('DELIVERED');
    this.state = { ...this.state, status: 'DELIVERED' };
    this.apply(new OrderDelivered(this.facts()));
  }

  /** Calls the order off, which is possible until it is shipped. */
  cancel(why: string): void {
    this.refuseUnlessMayBecome('CANCELLED');
    const reason = text(why, 'reason', 500);
    this.state = { ...this.state, status: 'CANCELLED', reason };
    this.apply(new OrderCancelled({ ...this.facts(), reason }));
  }

  /** Takes the delivered books back. */
  return(why: string): void {
    this.refuseUnlessMayBecome('RETURNED');
    const reason = text(why, 'reason', 500);
    this.state = { ...this.state, status: 'RETURNED', reason };
    this.apply(new OrderReturned({ ...this.facts(), reason }));
  }

  snapshot(): OrderState {
    return this.state;
  }

  private refuseUnlessMayBecome(wanted: OrderStatus): void {
    const { status } = this.state;
    if (!moves[status].includes(wanted)) throw new OrderStateForbids(this.id, wanted, status);
  }

  /** What every event about the order tells, so that nobody has to ask back. */
  private facts() {
    const { id, customer, items, total } = this.state;
    return { orderId: id, customer, items, total };
  }

  private factsWithAddress() {
    return { ...this.facts(), shippingAddress: this.state.shippingAddress };
  }
}

function customerOf(customer: Customer): Customer {
  const name = text(customer.name, 'customer.name', 150);
  const email = text(customer.email, 'customer.email', 254);
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw new Invalid('email-invalid', 'customer.email', 'must be an email address');
  }
  return { name, email };
}

function itemsOf(lines: readonly OrderItem[]): readonly OrderItem[] {
  if (lines.length < 1 || lines.length > MOST_LINES) {
    throw new Invalid('lines-not-orderable', 'items', `must be 1 to ${MOST_LINES} books`);
  }
  const seen = new Set<string>();
  return lines.map(({ bookId, title, quantity, unitPrice }, index) => {
    if (seen.has(bookId)) {
      throw new Invalid('book-ordered-twice', `items[${index}].bookId`, 'must not name a book a second time');
    }
    seen.add(bookId);
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST_COPIES_PER_LINE) {
      const rule = `must be a whole number from 1 to ${MOST_COPIES_PER_LINE}`;
      throw new Invalid('quantity-not-orderable', `items[${index}].quantity`, rule);
    }
    return { bookId, title, quantity, unitPrice };
  });
}

const isSame = (one: Money, other: Money): boolean => one.amount === other.amount && one.currency === other.currency;

function totalOf(items: readonly OrderItem[]): Money {
  const currencies = [...new Set(items.map(({ unitPrice }) => unitPrice.currency))];
  if (currencies.length > 1) throw new MixedCurrencies(currencies);
  const [first, ...others] = items.map(({ unitPrice, quantity }) => times(unitPrice, quantity));
  return sum(first, ...others);
}

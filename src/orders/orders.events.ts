/** An amount of money in minor units (cents) of the currency. */
export interface Amount {
  readonly amount: number;
  readonly currency: string;
}

/** Who has ordered. */
export interface Customer {
  readonly name: string;
  readonly email: string;
}

/** So many copies of a book, with its title and price as they were when the order was placed. */
export interface OrderItem {
  readonly bookId: string;
  readonly title: string;
  readonly quantity: number;
  readonly unitPrice: Amount;
}

/** A customer has ordered books. */
export class OrderPlaced {
  static readonly type = 'orders.order-placed';
  readonly orderId: string;
  readonly customer: Customer;
  readonly shippingAddress: string;
  readonly items: readonly OrderItem[];
  readonly total: Amount;
  /** RFC 3339. */
  readonly placedAt: string;

  constructor(facts: OrderPlaced) {
    Object.assign(this, facts);
  }
}

/** The shop has accepted an order and prepares it. */
export class OrderConfirmed {
  static readonly type = 'orders.order-confirmed';
  readonly orderId: string;
  readonly customer: Customer;
  readonly shippingAddress: string;
  readonly items: readonly OrderItem[];
  readonly total: Amount;

  constructor(facts: OrderConfirmed) {
    Object.assign(this, facts);
  }
}

/** An order has been handed to the carrier. */
export class OrderShipped {
  static readonly type = 'orders.order-shipped';
  readonly orderId: string;
  readonly customer: Customer;
  readonly shippingAddress: string;
  readonly items: readonly OrderItem[];
  readonly total: Amount;
  readonly carrier: string;
  readonly trackingNumber: string;

  constructor(facts: OrderShipped) {
    Object.assign(this, facts);
  }
}

/** An order has reached its customer. */
export class OrderDelivered {
  static readonly type = 'orders.order-delivered';
  readonly orderId: string;
  readonly customer: Customer;
  readonly items: readonly OrderItem[];
  readonly total: Amount;

  constructor(facts: OrderDelivered) {
    Object.assign(this, facts);
  }
}

/** An order has been called off before it was shipped. */
export class OrderCancelled {
  static readonly type = 'orders.order-cancelled';
  readonly orderId: string;
  readonly customer: Customer;
  readonly items: readonly OrderItem[];
  readonly total: Amount;
  readonly reason: string;

  constructor(facts: OrderCancelled) {
    Object.assign(this, facts);
  }
}

/** The books of a delivered order have come back. */
export class OrderReturned {
  static readonly type = 'orders.order-returned';
  readonly orderId: string;
  readonly customer: Customer;
  readonly items: readonly OrderItem[];
  readonly total: Amount;
  readonly reason: string;

  constructor(facts: OrderReturned) {
    Object.assign(this, facts);
  }
}

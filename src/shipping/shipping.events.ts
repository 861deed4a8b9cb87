/** So many copies of a book that go into a parcel. */
export interface PackedBook {
  readonly bookId: string;
  readonly title: string;
  readonly quantity: number;
}

/** What a customer has ordered is to be packed. Each order has one shipment, which is called as the order is. */
export class ShipmentPrepared {
  static readonly type = 'shipping.shipment-prepared';
  readonly orderId: string;
  /** The name of whoever has ordered. */
  readonly recipient: string;
  readonly shippingAddress: string;
  readonly items: readonly PackedBook[];
  /** RFC 3339. */
  readonly preparedAt: string;

  constructor(facts: ShipmentPrepared) {
    Object.assign(this, facts);
  }
}

/** A shipment that was prepared is not to be sent, as its order was cancelled. */
export class ShipmentCalledOff {
  static readonly type = 'shipping.shipment-called-off';
  readonly orderId: string;
  /** What goes back to the shelf where it has been packed. */
  readonly items: readonly PackedBook[];
  /** RFC 3339. */
  readonly calledOffAt: string;

  constructor(facts: ShipmentCalledOff) {
    Object.assign(this, facts);
  }
}

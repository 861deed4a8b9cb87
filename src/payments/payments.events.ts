/** An amount of money in minor units (cents) of the currency. */
export interface Amount {
  readonly amount: number;
  readonly currency: string;
}

/** Why money goes back. */
export type RefundReason = 'called-off' | 'overpaid' | 'other-currency';

/** Money has come for an order that the shop knows. */
export class PaymentReceived {
  static readonly type = 'payments.payment-received';
  readonly orderId: string;
  /** What the provider calls the payment. */
  readonly paymentId: string;
  readonly amount: Amount;
  /** What the order costs. */
  readonly due: Amount;
  /** All that has come for the order in the currency of what is due. */
  readonly paid: Amount;
  /** The shop holds all that is due, and the order was neither cancelled nor returned. */
  readonly isPaidInFull: boolean;
  /** When the provider had it. RFC 3339. */
  readonly receivedAt: string;

  constructor(facts: PaymentReceived) {
    Object.assign(this, facts);
  }
}

/** Money has to go back, and waits for the provider. */
export class RefundRequested {
  static readonly type = 'payments.refund-requested';
  readonly orderId: string;
  /** Says what is given back, so there is only ever one of it. */
  readonly refundId: string;
  readonly amount: Amount;
  readonly reason: RefundReason;

  constructor(facts: RefundRequested) {
    Object.assign(this, facts);
  }
}

/** Money has gone back to whoever had paid. */
export class PaymentRefunded {
  static readonly type = 'payments.payment-refunded';
  readonly orderId: string;
  readonly refundId: string;
  readonly amount: Amount;

  constructor(facts: PaymentRefunded) {
    Object.assign(this, facts);
  }
}

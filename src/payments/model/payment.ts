import { AggregateRoot } from '@nestjs/cqrs';
import { Invalid } from '../../kernel/domain-error';
import { Money } from '../../kernel/money';
import { PaymentReceived, PaymentRefunded, RefundReason, RefundRequested } from '../payments.events';
import { OrderNotHeardOf } from './payments.errors';

/** So many payments wait for an order that the shop has not heard of. */
export const MOST_EARLY = 100;

/** Money that has come, as the provider tells it. */
export interface Receipt {
  /** What the provider calls the payment. */
  readonly paymentId: string;
  readonly amount: Money;
  /** When the provider had it. RFC 3339. */
  readonly receivedAt: string;
}

/** What was paid for an order, as it is stored. */
export interface PaymentState {
  readonly orderId: string;
  /** What the order costs; missing until the shop has heard of the order. */
  readonly due?: Money;
  /** All that has come in the currency of what is due. Money in another one goes back as it came. */
  readonly paid: number;
  /** What the provider has been asked to give back, and has not yet. */
  readonly refunding: number;
  readonly refunded: number;
  /** The order was cancelled or returned. */
  readonly isCalledOff: boolean;
  /** What has come before the shop has heard of the order. */
  readonly early: readonly Receipt[];
}

/** One line of the ledger. */
export interface PaymentEntry {
  readonly kind: 'received' | 'refunded';
  /** The provider's name of the payment, or the id of the refund: there is one line of each kind with it. */
  readonly reference: string;
  readonly amount: Money;
}

/** A part of what was paid that goes back. */
export interface Refund {
  readonly refundId: string;
  readonly amount: Money;
}

/**
 * What is due for one order, what has come, and what has gone back. The shop keeps no more than is due, and nothing of an
 * order that was called off, in whatever order it hears of things.
 */
export class Payment extends AggregateRoot {
  readonly orderId: string;
  private readonly made: PaymentEntry[] = [];

  private constructor(private state: PaymentState) {
    super();
    this.orderId = state.orderId;
  }

  /** The payment of an order of which nothing has been heard. */
  static for(orderId: string): Payment {
    return new Payment({ orderId, paid: 0, refunding: 0, refunded: 0, isCalledOff: false, early: [] });
  }

  static restore(state: PaymentState): Payment {
    return new Payment(state);
  }

  /** The lines of the ledger that were written since the payment was loaded. Earlier ones are never loaded. */
  get entries(): readonly PaymentEntry[] {
    return this.made;
  }

  /** Takes note of what the order costs, and counts what has come too early. A second time changes nothing. */
  expect(total: Money): void {
    if (this.state.due) return;
    const { early } = this.state;
    this.state = { ...this.state, due: total, early: [] };
    for (const receipt of early) this.count(receipt, total);
  }

  /**
   * Takes what has come. What is too much goes back: more than is due, money in another currency, and all that comes
   * for an order that was called off.
   *
   * @throws Invalid for a payment of nothing
   * @throws OrderNotHeardOf when no more can wait for the order
   */
  receive(receipt: Receipt): void {
    const { due, early } = this.state;
    const { paymentId, amount } = receipt;
    if (amount.amount <= 0) throw new Invalid('payment-of-nothing', 'amount.amount', 'must be more than nothing');
    if (!due && early.length >= MOST_EARLY) throw new OrderNotHeardOf(this.orderId);
    this.made.push({ kind: 'received', reference: paymentId, amount });
    if (due) this.count(receipt, due);
    else this.state = { ...this.state, early: [...early, receipt] };
  }

  /** The order was cancelled or returned: all that was paid goes back. A second time changes nothing. */
  callOff(): void {
    const { due, isCalledOff } = this.state;
    if (isCalledOff) return;
    this.state = { ...this.state, isCalledOff: true };
    if (due) this.giveBack(`order/${this.orderId}`, { ...due, amount: this.held }, 'called-off');
  }

  /** Notes that the provider has given back what it was asked for. */
  noteRefund({ refundId, amount }: Refund): void {
    const counted = this.counts(amount) ? amount.amount : 0;
    const { refunding, refunded } = this.state;
    this.state = { ...this.state, refunding: refunding - counted, refunded: refunded + counted };
    this.made.push({ kind: 'refunded', reference: refundId, amount });
    this.apply(new PaymentRefunded({ orderId: this.orderId, refundId, amount }));
  }

  snapshot(): PaymentState {
    return this.state;
  }

  /** What has come and does not go back. */
  private get held(): number {
    const { paid, refunding, refunded } = this.state;
    return paid - refunding - refunded;
  }

  /** Only money of the currency that the order is priced in can be added up. */
  private counts({ currency }: Money): boolean {
    return currency === this.state.due?.currency;
  }

  private count({ paymentId, amount, receivedAt }: Receipt, due: Money): void {
    const { orderId } = this;
    const counts = this.counts(amount);
    if (counts) this.state = { ...this.state, paid: this.state.paid + amount.amount };
    const { isCalledOff } = this.state;
    const paid = { ...due, amount: this.state.paid };
    const isPaidInFull = !isCalledOff && this.held >= due.amount;
    this.apply(new PaymentReceived({ orderId, paymentId, amount, due, paid, isPaidInFull, receivedAt }));

    const refundId = `payment/${paymentId}`;
    if (!counts) this.giveBack(refundId, amount, 'other-currency');
    else if (isCalledOff) this.giveBack(refundId, { ...due, amount: this.held }, 'called-off');
    else if (isPaidInFull) this.giveBack(refundId, { ...due, amount: this.held - due.amount }, 'overpaid');
  }

  /** Asks for money to be given back, where there is any. */
  private giveBack(refundId: string, amount: Money, reason: RefundReason): void {
    if (amount.amount === 0) return;
    if (this.counts(amount)) this.state = { ...this.state, refunding: this.state.refunding + amount.amount };
    this.apply(new RefundRequested({ orderId: this.orderId, refundId, amount, reason }));
  }
}

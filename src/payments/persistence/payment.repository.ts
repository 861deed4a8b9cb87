import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { VersionConflict } from '../../platform/unit-of-work/write-set';
import { Payment, PaymentEntry } from '../model/payment';
import { PaymentEntryTable, PaymentTable } from './payment.table';

/** The place of a payment's events in the log. */
export const streamOf = (orderId: string) => `payments.payment/${orderId}`;

/** Another program has told of the same thing at the same moment: whoever loads again finds it there. */
const isThere = (table: string) => () => new VersionConflict(table);

@Injectable()
export class PaymentRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @returns the payment of an order; a new one where nothing has been heard of it */
  async of(orderId: string): Promise<Payment> {
    const row = await this.work.find(PaymentTable, orderId);
    if (!row) return Payment.for(orderId);
    const { version, due, currency, ...state } = row;
    const money = due === undefined || currency === undefined ? undefined : { amount: due, currency };
    return this.work.track(Payment.restore({ ...state, due: money }), streamOf(orderId), version);
  }

  /** @returns the line of the ledger that tells of a payment or a refund, whichever order it is of */
  async entry(
    kind: PaymentEntry['kind'],
    reference: string,
  ): Promise<(PaymentEntry & { orderId: string }) | undefined> {
    const row = await this.work.find(PaymentEntryTable, [kind, reference]);
    return row && { kind, reference, orderId: row.orderId, amount: { amount: row.amount, currency: row.currency } };
  }

  /** Stores the payment together with the lines of its ledger that are new. */
  async save(payment: Payment): Promise<void> {
    const { orderId } = payment;
    const { due, ...state } = payment.snapshot();
    const row = { ...state, due: due?.amount, currency: due?.currency };
    this.work.save(payment, streamOf(orderId), PaymentTable, row, isThere('payments_payment'));
    const madeAt = this.clock.now().toISOString();
    for (const { kind, reference, amount } of payment.entries) {
      const line = { kind, reference, id: newId(), orderId, ...amount, madeAt };
      this.work.insert(PaymentEntryTable, line, isThere('payments_entry'));
    }
  }
}

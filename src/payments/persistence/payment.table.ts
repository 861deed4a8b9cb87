import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { PaymentEntry, Receipt } from '../model/payment';

@Entity('payments_payment')
export class PaymentTable {
  @PrimaryColumn('text') orderId: string;
  @Column('integer') version: number;
  /** Missing, as its currency is, until the shop has heard of the order. */
  @Column('integer', { nullable: true }) due?: number;
  @Column('text', { nullable: true }) currency?: string;
  @Column('integer') paid: number;
  @Column('integer') refunding: number;
  @Column('integer') refunded: number;
  @Column('boolean') isCalledOff: boolean;
  /** Beside their order and not in a table: they are few, and gone when the shop has heard of the order. */
  @Column('simple-json') early: readonly Receipt[];
}

/** The ledger: one line for each payment, and for each refund. Rows never change. */
@Entity('payments_entry')
@Index('payments_entry_order', ['orderId', 'id'])
export class PaymentEntryTable {
  @PrimaryColumn('text') kind: PaymentEntry['kind'];
  @PrimaryColumn('text') reference: string;
  @Column('text') id: string;
  @Column('text') orderId: string;
  @Column('integer') amount: number;
  @Column('text') currency: string;
  @Column('text') madeAt: string;
}

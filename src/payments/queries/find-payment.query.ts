import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money, moneyToDecimal } from '../../kernel/money';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { PaymentEntry } from '../model/payment';
import { PaymentNotFound } from '../model/payments.errors';

/** A line of the ledger: what came or went back, and what the provider or the shop calls it. */
export interface PaymentOnRecord extends PaymentEntry {
  readonly id: string;
  /** RFC 3339. */
  readonly madeAt: string;
}

/**
 * What is due for an order, what has come and what has gone back, and a page of the ledger. The sums are of the currency
 * of the order, and missing as long as the shop has not heard of it; each line has its own.
 */
export interface PaymentDetails extends Page<PaymentOnRecord> {
  readonly orderId: string;
  readonly due?: Money;
  readonly paid?: Money;
  readonly refunded?: Money;
}

/** The payment of an order with the ledger, oldest line first. */
export class FindPayment extends Query<PaymentDetails> {
  constructor(
    readonly orderId: string,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

interface Sums {
  due: number | null;
  currency: string | null;
  paid: number;
  refunded: number;
}

interface Line extends Omit<PaymentOnRecord, 'amount'> {
  amount: number;
  currency: string;
}

@QueryHandler(FindPayment)
export class FindPaymentHandler implements IQueryHandler<FindPayment> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws PaymentNotFound */
  async execute({ orderId, limit, cursor }: FindPayment): Promise<PaymentDetails> {
    const [after] = cursor ? decodeCursor(cursor, ['string']) : [''];
    const sums = await this.database.first<Sums>(
      'SELECT due, currency, paid, refunded FROM payments_payment WHERE order_id = $1',
      [orderId],
    );
    if (!sums) throw new PaymentNotFound(orderId);
    const lines = await this.database.all<Line>(
      `SELECT id, kind, reference, amount, currency, made_at AS "madeAt"
         FROM payments_entry WHERE order_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [orderId, after, limit + 1],
    );
    return { orderId, ...inMajorUnits(sums), ...page(lines.map(toRecord), limit, ({ id }) => [id]) };
  }
}

function inMajorUnits({ due, currency, paid, refunded }: Sums): Pick<PaymentDetails, 'due' | 'paid' | 'refunded'> {
  if (due === null || currency === null) return {};
  const money = (amount: number) => moneyToDecimal({ amount, currency });
  return { due: money(due), paid: money(paid), refunded: money(refunded) };
}

const toRecord = ({ amount, currency, ...line }: Line): PaymentOnRecord => ({
  ...line,
  amount: moneyToDecimal({ amount, currency }),
});

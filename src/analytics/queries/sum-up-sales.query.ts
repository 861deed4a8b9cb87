import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { dayOf } from '../../kernel/day';
import { Money, moneyToDecimal } from '../../kernel/money';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { DayRange, dayRange } from '../model/day-range';

/** What happened to orders in a currency. */
export interface Sales {
  readonly currency: string;
  readonly orders: { readonly placed: number; readonly cancelled: number; readonly returned: number };
  /** In the orders that were placed. */
  readonly copies: number;
  /** `net` is what was placed less what was cancelled and returned, which is negative on a day when more goes than comes. */
  readonly revenue: {
    readonly placed: Money;
    readonly cancelled: Money;
    readonly returned: Money;
    readonly net: Money;
  };
}

export interface SalesOfDay extends Sales {
  /** A UTC day: 2026-11-21. */
  readonly day: string;
}

/** The days on which something happened, one page at a time, and what all of the range comes to. */
export interface SalesReport extends Page<SalesOfDay>, DayRange {
  /** One for each currency. */
  readonly totals: readonly Sales[];
}

/** Sales by day and currency. Each thing counts on the day on which it happened: a return not on the day of the order. */
export class SumUpSales extends Query<SalesReport> {
  constructor(
    /** Today unless told otherwise, at the end, and 30 days in all. */
    readonly from: string | undefined,
    readonly to: string | undefined,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

interface Row {
  currency: string;
  placed: number;
  cancelled: number;
  returned: number;
  copies: number;
  placedAmount: number;
  cancelledAmount: number;
  returnedAmount: number;
}

/** As they are called in a row, and in the table. */
const FIGURES = [
  ['placed', 'placed'],
  ['cancelled', 'cancelled'],
  ['returned', 'returned'],
  ['copies', 'copies'],
  ['placedAmount', 'placed_amount'],
  ['cancelledAmount', 'cancelled_amount'],
  ['returnedAmount', 'returned_amount'],
] as const;

const EACH = FIGURES.map(([name, column]) => `${column} AS "${name}"`).join(', ');
const SUMS = FIGURES.map(([name, column]) => `CAST(sum(${column}) AS bigint) AS "${name}"`).join(', ');

@QueryHandler(SumUpSales)
export class SumUpSalesHandler implements IQueryHandler<SumUpSales> {
  constructor(
    private readonly database: ReadDatabase,
    private readonly clock: Clock,
  ) {}

  /** @throws Invalid on `from` for a range that is none, or too long */
  async execute({ from: first, to: last, limit, cursor }: SumUpSales): Promise<SalesReport> {
    const { from, to } = dayRange(first, last, dayOf(this.clock.now().toISOString()));
    const after = cursor ? decodeCursor(cursor, ['string', 'string']) : [from, ''];
    const days = await this.database.all<Row & { day: string }>(
      `SELECT day, currency, ${EACH} FROM analytics_day
        WHERE day >= $1 AND day <= $2 AND (day, currency) > ($3, $4) ORDER BY day, currency LIMIT $5`,
      [from, to, ...after, limit + 1],
    );
    const totals = await this.database.all<Row>(
      `SELECT currency, ${SUMS} FROM analytics_day WHERE day >= $1 AND day <= $2 GROUP BY currency ORDER BY currency`,
      [from, to],
    );
    const items = days.map((row) => ({ day: row.day, ...toSales(row) }));
    return { from, to, totals: totals.map(toSales), ...page(items, limit, ({ day, currency }) => [day, currency]) };
  }
}

function toSales({ currency, placed, cancelled, returned, copies, ...amounts }: Row): Sales {
  const { placedAmount, cancelledAmount, returnedAmount } = amounts;
  const money = (amount: number): Money => moneyToDecimal({ amount, currency });
  return {
    currency,
    orders: { placed, cancelled, returned },
    copies,
    revenue: {
      placed: money(placedAmount),
      cancelled: money(cancelledAmount),
      returned: money(returnedAmount),
      net: money(placedAmount - cancelledAmount - returnedAmount),
    },
  };
}

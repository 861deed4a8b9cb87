import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money, moneyToDecimal } from '../../kernel/money';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { periodFrom } from '../model/period';

/** A book with what was sold of it, less what was cancelled and returned. */
export interface BestSeller {
  readonly bookId: string;
  /** As it was when the book was last ordered. */
  readonly title: string;
  readonly copies: number;
  /** An amount for each currency in which it was ordered. */
  readonly revenue: readonly Money[];
}

/** The books that were sold, most copies first; of equal ones the one that was added last. */
export class RankBestSellers extends Query<Page<BestSeller>> {
  constructor(
    /** A year, a month or a day; all time unless told otherwise. */
    readonly period: string | undefined,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

interface Row {
  bookId: string;
  title: string;
  copies: number;
  revenue: string;
}

@QueryHandler(RankBestSellers)
export class RankBestSellersHandler implements IQueryHandler<RankBestSellers> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws Invalid on `period` */
  async execute({ period, limit, cursor }: RankBestSellers): Promise<Page<BestSeller>> {
    const below = cursor ? decodeCursor(cursor, ['number', 'string']) : [Number.MAX_SAFE_INTEGER, ''];
    const rows = await this.database.all<Row>(
      `SELECT book_id AS "bookId", title, copies, revenue FROM analytics_best_seller
        WHERE period = $1 AND copies > 0 AND (copies, book_id) < ($2, $3)
        ORDER BY copies DESC, book_id DESC LIMIT $4`,
      [periodFrom(period), ...below, limit + 1],
    );
    return page(rows.map(toBestSeller), limit, ({ copies, bookId }) => [copies, bookId]);
  }
}

function toBestSeller({ revenue, ...row }: Row): BestSeller {
  const sums = Object.entries(JSON.parse(revenue) as Record<string, number>);
  return { ...row, revenue: sums.map(([currency, amount]) => moneyToDecimal({ amount, currency })) };
}

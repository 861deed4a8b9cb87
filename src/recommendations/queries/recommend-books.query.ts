import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { BookNotFound } from '../model/recommendations.errors';

/** Another book, and how many orders it has in common with the one that was asked about. */
export interface Recommendation {
  readonly bookId: string;
  readonly title: string;
  readonly orders: number;
}

/**
 * The books that were bought together with a book, most common orders first; of equal ones the one that was added last.
 * Withdrawn books are not among them.
 */
export class RecommendBooks extends Query<Page<Recommendation>> {
  constructor(
    readonly bookId: string,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(RecommendBooks)
export class RecommendBooksHandler implements IQueryHandler<RecommendBooks> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws BookNotFound */
  async execute({ bookId, limit, cursor }: RecommendBooks): Promise<Page<Recommendation>> {
    const below = cursor ? decodeCursor(cursor, ['number', 'string']) : [Number.MAX_SAFE_INTEGER, ''];
    const book = await this.database.first('SELECT book_id FROM recommendations_book WHERE book_id = $1', [bookId]);
    if (!book) throw new BookNotFound(bookId);
    const rows = await this.database.all<Recommendation>(
      `SELECT pair.other_id AS "bookId", other.title, pair.orders
         FROM recommendations_pair pair JOIN recommendations_book other ON other.book_id = pair.other_id
        WHERE pair.book_id = $1 AND pair.orders > 0 AND (pair.orders, pair.other_id) < ($2, $3)
          AND other.withdrawn_at IS NULL
        ORDER BY pair.orders DESC, pair.other_id DESC LIMIT $4`,
      [bookId, ...below, limit + 1],
    );
    return page(rows, limit, ({ orders, bookId: otherId }) => [orders, otherId]);
  }
}

import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money, moneyToDecimal } from '../../kernel/money';
import { ReadDatabase } from '../../platform/database/read-database';
import { BookStatus } from '../model/book';
import { BookNotFound } from '../model/catalog.errors';

/** A book with all that the catalog knows about it. */
export interface BookDetails {
  readonly id: string;
  readonly title: string;
  readonly author: string;
  readonly isbn?: string;
  readonly price: Money;
  readonly description?: string;
  readonly status: BookStatus;
  readonly publishAt?: string;
  readonly addedAt: string;
}

export class FindBook extends Query<BookDetails> {
  constructor(readonly bookId: string) {
    super();
  }
}

interface Row {
  id: string;
  title: string;
  author: string;
  isbn: string | null;
  amount: number;
  currency: string;
  description: string | null;
  status: BookStatus;
  publishAt: string | null;
  addedAt: string;
}

@QueryHandler(FindBook)
export class FindBookHandler implements IQueryHandler<FindBook> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws BookNotFound */
  async execute({ bookId }: FindBook): Promise<BookDetails> {
    const row = await this.database.first<Row>(
      `SELECT id, title, author, isbn, price_amount AS "amount", price_currency AS "currency", description, status,
              publish_at AS "publishAt", added_at AS "addedAt"
         FROM catalog_book WHERE id = $1`,
      [bookId],
    );
    if (!row) throw new BookNotFound(bookId);
    const { amount, currency, isbn, description, publishAt, ...rest } = row;
    return {
      ...rest,
      isbn: isbn ?? undefined,
      price: moneyToDecimal({ amount, currency }),
      description: description ?? undefined,
      publishAt: publishAt ?? undefined,
    };
  }
}

import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money, moneyToDecimal } from '../../kernel/money';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';

/** A book as it stands in the list that people browse. */
export interface BookOnShelf {
  readonly id: string;
  readonly title: string;
  readonly author: string;
  readonly isbn?: string;
  readonly price: Money;
  readonly published: boolean;
  readonly inStock: boolean;
}

export interface BrowseFilter {
  /** A part of the title or of the author. */
  readonly search?: string;
  readonly author?: string;
  readonly inStock?: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** Books in the order in which they were added, one page at a time. */
export class BrowseBooks extends Query<Page<BookOnShelf>> {
  constructor(readonly filter: BrowseFilter) {
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
  published: number;
  inStock: number;
}

@QueryHandler(BrowseBooks)
export class BrowseBooksHandler implements IQueryHandler<BrowseBooks> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ filter }: BrowseBooks): Promise<Page<BookOnShelf>> {
    const { search, author, inStock, limit, cursor } = filter;
    const conditions: [string, string | number | undefined][] = [
      // Ids are time-ordered, so the last one seen is all that a page needs to know.
      ['book_id > #', cursor && decodeCursor(cursor, ['string'])[0]],
      ['author = #', author],
      ['in_stock = #', inStock === undefined ? undefined : Number(inStock)],
      ["title || ' ' || author LIKE # ESCAPE '\\'", search && `%${search.replace(/[\\%_]/g, '\\$&')}%`],
    ];
    const given = conditions.filter(([, value]) => value !== undefined && value !== '');
    const where = given.map(([condition], at) => condition.replace('#', `$${at + 1}`)).join(' AND ');
    const rows = await this.database.all<Row>(
      `SELECT book_id AS "id", title, author, isbn, price_amount AS "amount", price_currency AS "currency", published,
              in_stock AS "inStock"
         FROM catalog_browse ${where && `WHERE ${where}`} ORDER BY book_id LIMIT $${given.length + 1}`,
      [...given.map(([, value]) => value!), limit + 1],
    );
    return page(rows.map(toBook), limit, ({ id }) => [id]);
  }
}

const toBook = ({ amount, currency, isbn, published, inStock, ...row }: Row): BookOnShelf => ({
  ...row,
  isbn: isbn ?? undefined,
  price: moneyToDecimal({ amount, currency }),
  published: published === 1,
  inStock: inStock === 1,
});

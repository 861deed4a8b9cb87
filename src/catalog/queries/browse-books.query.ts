import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money, moneyToDecimal } from '../../kernel/money';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { searched, SearchedRows } from '../../platform/projections/search';
import { everyWordOf } from '../../platform/projections/words';

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
  /** Words, or their beginnings, of the title and of the author. */
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

/** Where books are taken from, in which order, and what is behind a book of which the id is given. */
const ALL = { from: 'catalog_browse', order: 'book_id', behind: 'book_id > #' };
/** The same for those that a search finds, by their numbers, which are in the same order. */
const found = ({ from, row }: SearchedRows) => ({
  from,
  order: row,
  behind: `${row} > coalesce(
             (SELECT search_row FROM catalog_browse WHERE book_id <= # ORDER BY book_id DESC LIMIT 1), 0)`,
});

@QueryHandler(BrowseBooks)
export class BrowseBooksHandler implements IQueryHandler<BrowseBooks> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ filter }: BrowseBooks): Promise<Page<BookOnShelf>> {
    const { search, author, inStock, limit, cursor } = filter;
    const after = cursor && decodeCursor(cursor, ['string'])[0];
    const { dialect } = this.database;
    const words = search && everyWordOf(search, dialect);
    if (search && !words) return { items: [] };
    const rowsWith = searched(dialect, 'catalog_browse', 'words');
    const { from, order, behind } = words ? found(rowsWith) : ALL;
    const conditions: [string, string | number | undefined][] = [
      [rowsWith.matches, words],
      [behind, after],
      ['author = #', author],
      ['in_stock = #', inStock === undefined ? undefined : Number(inStock)],
    ];
    const given = conditions.filter(([, value]) => value !== undefined && value !== '');
    const where = given.map(([condition], at) => condition.replace('#', `$${at + 1}`)).join(' AND ');
    const rows = await this.database.all<Row>(
      `SELECT book_id AS "id", title, author, isbn, price_amount AS "amount", price_currency AS "currency", published,
              in_stock AS "inStock"
         FROM ${from} ${where && `WHERE ${where}`} ORDER BY ${order} LIMIT $${given.length + 1}`,
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

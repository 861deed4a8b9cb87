import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Money, moneyToDecimal } from '../../kernel/money';
import { Dialect } from '../../platform/database/dialect';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { searched } from '../../platform/projections/search';
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

/** What a book may cost, in minor units. */
export interface PriceRange {
  readonly currency: string;
  readonly least?: number;
  readonly most?: number;
}

export interface BrowseFilter {
  /** Words, or their beginnings, of the title and of the author. */
  readonly search?: string;
  readonly author?: string;
  readonly inStock?: boolean;
  readonly price?: PriceRange;
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

const COLUMNS = `book_id AS "id", title, author, isbn, price_amount AS "amount", price_currency AS "currency", published,
  in_stock AS "inStock"`;

/** Where books are taken from, in which order, and what is behind a book of which the id is given. */
interface Way {
  readonly from: string;
  readonly order: string;
  readonly behind: string;
}

const ALL: Way = { from: 'catalog_browse', order: 'book_id', behind: 'book_id > #' };

/** By their numbers, which are in the same order. */
const numbered = (from: string, row: string): Way => ({
  from,
  order: row,
  behind: `${row} > coalesce(
             (SELECT search_row FROM catalog_browse WHERE book_id <= # ORDER BY book_id DESC LIMIT 1), 0)`,
});

/** One by one, as they lie in the table. Left to itself, SQLite would take the index of prices, and sort all it finds. */
const oneByOne = ({ name }: Dialect): Way =>
  numbered(name === 'sqlite' ? 'catalog_browse NOT INDEXED' : 'catalog_browse', 'search_row');

/**
 * Those of a price are picked out of its index and sorted. The order is one that no index has: given one that has,
 * a database may go through all books in it instead.
 */
const SORTED: Way = { from: 'catalog_browse', order: `book_id || ''`, behind: `book_id || '' > #` };

type Condition = readonly [text: string, value: string | number | undefined];

@QueryHandler(BrowseBooks)
export class BrowseBooksHandler implements IQueryHandler<BrowseBooks> {
  /**
   * So many books of a price are sorted by their ids for a page; where there are more, all books are gone through in
   * order until the page is full.
   *
   * No index has the books of a range of prices in the order of pages. Sorting costs as much as there are of them, going
   * through all as much as there are others in between. Of 100,000 books in SQLite (p50 and p99 of a page of 50, in
   * milliseconds): 21 are found in 0.6 and 3.4, 5,000 that lie behind all others in 2.3 and 6.3, a page of all 100,000 in
   * 1.0 and 4.8, where sorting takes 40. The worst is more than 5,000 that all lie behind the others: 18 and 39.
   *
   * With an author or words it is these that find, and the price only leaves out: 21 books of a price among 100,000 that
   * all have the words take 23 and 41.
   */
  mostSorted = 5_000;

  constructor(private readonly database: ReadDatabase) {}

  async execute({ filter }: BrowseBooks): Promise<Page<BookOnShelf>> {
    const { search, author, inStock, price, limit, cursor } = filter;
    const after = cursor && decodeCursor(cursor, ['string'])[0];
    const { dialect } = this.database;
    const words = search && everyWordOf(search, dialect);
    if (search && !words) return { items: [] };
    const rowsWith = searched(dialect, 'catalog_browse', 'words');
    const way = words
      ? numbered(rowsWith.from, rowsWith.row)
      : price && !author
        ? await this.wayTo(price, inStock)
        : ALL;
    const isSorted = way === SORTED;
    const { sql, values } = where([
      [rowsWith.matches, words],
      [way.behind, after],
      ['author = #', author],
      ...inRange(price, inStock, { isByPrice: isSorted, isByAuthor: way === ALL }),
    ]);
    const found = `FROM ${way.from} ${sql} ORDER BY ${way.order} LIMIT $${values.length + 1}`;
    const rows = await this.database.all<Row>(
      isSorted
        ? `SELECT ${COLUMNS} FROM catalog_browse WHERE book_id IN (SELECT book_id ${found}) ORDER BY book_id`
        : `SELECT ${COLUMNS} ${found}`,
      [...values, limit + 1],
    );
    return page(rows.map(toBook), limit, ({ id }) => [id]);
  }

  /** The better way to the books of a price. Both lead to the same page, whatever is added meanwhile. */
  private async wayTo(price: PriceRange, inStock?: boolean): Promise<Way> {
    const { sql, values } = where(inRange(price, inStock, { isByPrice: true }));
    const found = await this.database.first<{ count: number }>(
      `SELECT count(*) AS "count" FROM (SELECT 1 FROM catalog_browse ${sql} LIMIT $${values.length + 1}) AS counted`,
      [...values, this.mostSorted + 1],
    );
    return found!.count > this.mostSorted ? oneByOne(this.database.dialect) : SORTED;
  }
}

/**
 * @param isByPrice the index of prices is to be used, which has what is in stock apart
 * @param isByAuthor the index of prices is not to be used, as the author has one that has the order of pages, too
 */
const inRange = (
  price: PriceRange | undefined,
  inStock: boolean | undefined,
  { isByPrice = false, isByAuthor = false },
): Condition[] => [
  [isByAuthor ? `price_currency || '' = #` : 'price_currency = #', price?.currency],
  isByPrice && inStock === undefined
    ? ['in_stock IN (true, false)', undefined]
    : ['in_stock = #', inStock === undefined ? undefined : Number(inStock)],
  ['price_amount >= #', price?.least],
  ['price_amount <= #', price?.most],
];

/** Joins the conditions that have a value, or need none. */
function where(conditions: readonly Condition[]): { sql: string; values: (string | number)[] } {
  const values: (string | number)[] = [];
  const given = conditions
    .filter(([text, value]) => !text.includes('#') || (value !== undefined && value !== ''))
    .map(([text, value]) => (value === undefined ? text : text.replace('#', `$${values.push(value)}`)));
  return { sql: given.length ? `WHERE ${given.join(' AND ')}` : '', values };
}

const toBook = ({ amount, currency, isbn, published, inStock, ...row }: Row): BookOnShelf => ({
  ...row,
  isbn: isbn ?? undefined,
  price: moneyToDecimal({ amount, currency }),
  published: published === 1,
  inStock: inStock === 1,
});

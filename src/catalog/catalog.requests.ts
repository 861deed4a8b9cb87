import { Invalid } from '../kernel/domain-error';
import { moneyFromDecimal } from '../kernel/money';
import {
  Moment,
  MoneyAmount,
  MoneyRequest,
  PageQuery,
  QueryAmount,
  QueryCurrency,
  QueryFlag,
  Text,
  True,
  Uuids,
} from '../platform/http/fields';
import type { BooksToPublish } from './commands/publish-books';
import { Defaults, moneyOf } from './outside/book-list/row';
import type { BrowseFilter } from './queries/browse-books.query';

export class AddBookRequest {
  @Text({ max: 200 }) title: string;
  @Text({ max: 150 }) author: string;
  /** ISBN-10 or ISBN-13, with or without hyphens. */
  @Text({ max: 20, optional: true }) isbn?: string;
  @MoneyAmount() price: MoneyRequest;
  @Text({ max: 5000, multiline: true, optional: true }) description?: string;
  @Moment({ optional: true }) publishAt?: Date;
}

/** What is left out stays as it is; null removes it, where a book can be without. */
export class ReviseBookRequest {
  @Text({ max: 200, optional: true }) title?: string;
  @Text({ max: 150, optional: true }) author?: string;
  @Text({ max: 20, removable: true }) isbn?: string | null;
  @Text({ max: 5000, multiline: true, removable: true }) description?: string | null;
  @Moment({ removable: true }) publishAt?: Date | null;
}

export class RepriceBookRequest {
  @MoneyAmount() price: MoneyRequest;
}

export class WithdrawBookRequest {
  @Text({ max: 500, optional: true }) reason?: string;
}

/** Which books are to be published: one of the two. */
export class PublishBooksRequest {
  /** These. */
  @Uuids({ min: 1, max: 10_000, optional: true }) bookIds?: string[];
  /** All drafts, except those with a `publishAt`: these come out at that moment. */
  @True({ optional: true }) all?: true;

  /** @throws Invalid unless it is one of the two */
  toBooks(): BooksToPublish {
    const { bookIds, all } = this;
    if (bookIds && all) throw new Invalid('choice-double', 'all', 'must not be given together with bookIds');
    if (bookIds) return { bookIds };
    if (all) return { all };
    throw new Invalid('choice-missing', 'bookIds', 'is required, unless all is given');
  }
}

/** What a list of books does not say itself. */
export class ImportBooksRequest {
  /** What a book costs whose row has no price: 12.99 */
  @Text({ max: 20, optional: true }) price?: string;
  /** ISO 4217, for prices without a currency. */
  @Text({ max: 3, optional: true }) currency = 'USD';

  /** Each book comes out as it is added, unless its row says when. Those that are there are left alone. */
  @QueryFlag() publish = false;

  /** @throws Invalid at `price` or `currency` */
  toDefaults(): Defaults {
    const { currency } = moneyOf(this.price ?? '0', this.currency);
    return { price: this.price === undefined ? undefined : moneyOf(this.price, currency), currency };
  }
}

export class BrowseBooksRequest extends PageQuery {
  @Text({ max: 200, optional: true }) search?: string;
  @Text({ max: 150, optional: true }) author?: string;
  @QueryFlag() inStock?: boolean;
  @QueryAmount({ atMost: 'maxPrice', description: 'What a book costs at least, in `currency`' }) minPrice?: string;
  @QueryAmount({ description: 'What a book costs at most, in `currency`' }) maxPrice?: string;
  @QueryCurrency({
    requiredBy: ['minPrice', 'maxPrice'],
    description: 'ISO 4217: only books with a price in it. Required with `minPrice` and `maxPrice`',
  })
  currency?: string;

  /** @throws Invalid when the rules of money are broken, which in a validated request they are not */
  toFilter(): BrowseFilter {
    const { minPrice, maxPrice, currency, ...filter } = this;
    if (currency === undefined) return filter;
    const minor = (price?: string) => (price === undefined ? undefined : moneyFromDecimal(price, currency).amount);
    return { ...filter, price: { currency, least: minor(minPrice), most: minor(maxPrice) } };
  }
}

import { AggregateRoot } from '@nestjs/cqrs';
import { Money } from '../../kernel/money';
import { optionalText, text } from '../../kernel/text';
import { BookAdded, BookPublished, BookRepriced, BookRevised, BookWithdrawn } from '../catalog.events';
import { BookStateForbids } from './catalog.errors';
import { parseIsbn } from './isbn';

export type BookStatus = 'ADDED' | 'PUBLISHED' | 'WITHDRAWN';

/** What the catalog says about a book. */
export interface BookDescription {
  readonly title: string;
  readonly author: string;
  /** 13 digits. */
  readonly isbn?: string;
  readonly description?: string;
  readonly publishAt?: Date;
}

/** A book as it is stored. */
export interface BookState extends BookDescription {
  readonly id: string;
  readonly price: Money;
  readonly status: BookStatus;
  readonly addedAt: Date;
  /** The supplier's or the import list's own key, which makes it safe to import the list again. */
  readonly reference?: string;
}

/** What is to be corrected: what is left out stays as it is, null removes it. */
export interface BookCorrections {
  readonly title?: string;
  readonly author?: string;
  readonly isbn?: string | null;
  readonly description?: string | null;
  readonly publishAt?: Date | null;
}

/** A title that the shop sells, from the day it is added to the day it is withdrawn. */
export class Book extends AggregateRoot {
  readonly id: string;

  private constructor(private state: BookState) {
    super();
    this.id = state.id;
  }

  /** Takes a book into the catalog. */
  static add(facts: Omit<BookState, 'status'>): Book {
    const { id, price, addedAt } = facts;
    const reference = optionalText(facts.reference, 'reference', 200);
    const book = new Book({ id, ...described(facts), price, status: 'ADDED', addedAt, reference });
    book.apply(new BookAdded({ ...factsOf(book.state), price }));
    return book;
  }

  static restore(state: BookState): Book {
    return new Book(state);
  }

  /** Corrects what the catalog says about the book. */
  revise(corrections: BookCorrections): void {
    this.refuseWhen('revised', 'WITHDRAWN');
    const { state } = this;
    const revised = described({
      title: corrections.title ?? state.title,
      author: corrections.author ?? state.author,
      isbn: corrected(state.isbn, corrections.isbn),
      description: corrected(state.description, corrections.description),
      publishAt: corrected(state.publishAt, corrections.publishAt),
    });
    const facts = factsOf({ id: this.id, ...revised });
    if (JSON.stringify(facts) === JSON.stringify(factsOf(state))) return;
    this.state = { ...state, ...revised };
    this.apply(new BookRevised(facts));
  }

  /** Changes what the book costs. Orders that are placed already keep their price. */
  reprice(price: Money): void {
    this.refuseWhen('repriced', 'WITHDRAWN');
    const formerPrice = this.state.price;
    if (price.amount === formerPrice.amount && price.currency === formerPrice.currency) return;
    this.state = { ...this.state, price };
    this.apply(new BookRepriced({ bookId: this.id, price, formerPrice }));
  }

  /**
   * Publishes the book. Every way to do that, by hand, by timer or in bulk, ends here.
   *
   * Not called `publish`, as that is what Nest calls handing an aggregate's event to the bus, and replaces on objects.
   */
  bringOut(): void {
    this.refuseWhen('published', 'PUBLISHED', 'WITHDRAWN');
    this.state = { ...this.state, status: 'PUBLISHED' };
    const { title, author } = this.state;
    this.apply(new BookPublished({ bookId: this.id, title, author }));
  }

  /** Whether the moment has come at which the book is to be published, and it still is to be. */
  isDue(now: Date): boolean {
    const { status, publishAt } = this.state;
    return status === 'ADDED' && publishAt !== undefined && publishAt <= now;
  }

  /** Takes the book out of the catalog for good. */
  withdraw(reason?: string): void {
    this.refuseWhen('withdrawn', 'WITHDRAWN');
    const why = optionalText(reason, 'reason', 500);
    this.state = { ...this.state, status: 'WITHDRAWN' };
    this.apply(new BookWithdrawn({ bookId: this.id, title: this.state.title, reason: why }));
  }

  snapshot(): BookState {
    return this.state;
  }

  private refuseWhen(wanted: string, ...forbidding: readonly BookStatus[]): void {
    const { status } = this.state;
    if (forbidding.includes(status)) throw new BookStateForbids(this.id, wanted, status);
  }
}

/** The description as the catalog keeps it, if it keeps to the rules. */
const described = (facts: BookDescription): BookDescription => ({
  title: text(facts.title, 'title', 200),
  author: text(facts.author, 'author', 150),
  isbn: facts.isbn ? parseIsbn(facts.isbn) : undefined,
  description: optionalText(facts.description, 'description', 5000),
  publishAt: facts.publishAt ?? undefined,
});

const corrected = <Fact>(present: Fact, correction: Fact | null | undefined): Fact | undefined =>
  correction === undefined ? present : (correction ?? undefined);

const factsOf = ({ id, title, author, isbn, description, publishAt }: BookDescription & { readonly id: string }) => ({
  bookId: id,
  title,
  author,
  isbn,
  description,
  publishAt: publishAt?.toISOString(),
});

/** What a book costs, in minor units (cents) of the currency. */
export interface Price {
  readonly amount: number;
  readonly currency: string;
}

/** A book has been taken into the catalog. */
export class BookAdded {
  static readonly type = 'catalog.book-added';
  readonly bookId: string;
  readonly title: string;
  readonly author: string;
  readonly isbn?: string;
  readonly price: Price;
  readonly description?: string;
  /** When the book is to be published, as RFC 3339. */
  readonly publishAt?: string;

  constructor(facts: BookAdded) {
    Object.assign(this, facts);
  }
}

/** What the catalog says about a book has changed. Carries all of it, so that nobody has to ask for the rest. */
export class BookRevised {
  static readonly type = 'catalog.book-revised';
  readonly bookId: string;
  readonly title: string;
  readonly author: string;
  readonly isbn?: string;
  readonly description?: string;
  /** When the book is to be published, as RFC 3339. */
  readonly publishAt?: string;

  constructor(facts: BookRevised) {
    Object.assign(this, facts);
  }
}

/** A book costs something else from now on. */
export class BookRepriced {
  static readonly type = 'catalog.book-repriced';
  readonly bookId: string;
  readonly price: Price;
  readonly formerPrice: Price;

  constructor(facts: BookRepriced) {
    Object.assign(this, facts);
  }
}

/** A book has come out. */
export class BookPublished {
  static readonly type = 'catalog.book-published';
  readonly bookId: string;
  readonly title: string;
  readonly author: string;

  constructor(facts: BookPublished) {
    Object.assign(this, facts);
  }
}

/** A book has been taken out of the catalog for good. */
export class BookWithdrawn {
  static readonly type = 'catalog.book-withdrawn';
  readonly bookId: string;
  readonly title: string;
  readonly reason?: string;

  constructor(facts: BookWithdrawn) {
    Object.assign(this, facts);
  }
}

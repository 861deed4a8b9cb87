import { NotFound, Refused } from '../../kernel/domain-error';

/** No book has this id. */
export class BookNotFound extends NotFound {
  constructor(bookId: string) {
    super('book-not-found', `book ${bookId} is not in the catalog`, { bookId });
  }
}

/** Another book has this ISBN, or this key of a supplier's list, already. */
export class BookAlreadyInCatalog extends Refused {
  constructor(key: 'isbn' | 'reference', value: string) {
    super('book-already-in-catalog', `a book with the ${key} ${value} is already in the catalog`, { [key]: value });
  }
}

/** What is wanted of the book is not possible in its present state. */
export class BookStateForbids extends Refused {
  /** @param wanted a participle: "published" */
  constructor(bookId: string, wanted: string, status: string) {
    super('book-state-forbids', `book ${bookId} cannot be ${wanted}: it is ${status}`, { status, wanted });
  }
}

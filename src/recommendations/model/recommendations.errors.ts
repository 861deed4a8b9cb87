import { NotFound } from '../../kernel/domain-error';

/** No book has this id. */
export class BookNotFound extends NotFound {
  constructor(bookId: string) {
    super('book-not-found', `book ${bookId} is not in the catalog`, { bookId });
  }
}

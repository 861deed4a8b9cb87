import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { BookCorrections } from '../model/book';
import { BookRepository } from '../persistence/book.repository';

/** Corrects what the catalog says about a book. */
export class ReviseBook {
  constructor(
    readonly bookId: string,
    readonly corrections: BookCorrections,
  ) {}
}

@CommandHandler(ReviseBook)
export class ReviseBookHandler implements ICommandHandler<ReviseBook> {
  constructor(private readonly books: BookRepository) {}

  async execute({ bookId, corrections }: ReviseBook): Promise<void> {
    const book = await this.books.get(bookId);
    book.revise(corrections);
    await this.books.save(book);
    book.commit();
  }
}

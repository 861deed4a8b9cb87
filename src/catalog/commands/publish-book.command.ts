import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { BookRepository } from '../persistence/book.repository';

/** Publishes a book. */
export class PublishBook {
  constructor(readonly bookId: string) {}
}

@CommandHandler(PublishBook)
export class PublishBookHandler implements ICommandHandler<PublishBook> {
  constructor(private readonly books: BookRepository) {}

  async execute({ bookId }: PublishBook): Promise<void> {
    const book = await this.books.get(bookId);
    book.bringOut();
    await this.books.save(book);
    book.commit();
  }
}

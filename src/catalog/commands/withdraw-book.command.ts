import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { BookRepository } from '../persistence/book.repository';

/** Takes a book out of the catalog for good. */
export class WithdrawBook {
  constructor(
    readonly bookId: string,
    readonly reason?: string,
  ) {}
}

@CommandHandler(WithdrawBook)
export class WithdrawBookHandler implements ICommandHandler<WithdrawBook> {
  constructor(private readonly books: BookRepository) {}

  async execute({ bookId, reason }: WithdrawBook): Promise<void> {
    const book = await this.books.get(bookId);
    book.withdraw(reason);
    await this.books.save(book);
    book.commit();
  }
}

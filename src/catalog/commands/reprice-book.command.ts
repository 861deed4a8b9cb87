import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Money } from '../../kernel/money';
import { BookRepository } from '../persistence/book.repository';

/** Changes what a book costs. */
export class RepriceBook {
  constructor(
    readonly bookId: string,
    readonly price: Money,
  ) {}
}

@CommandHandler(RepriceBook)
export class RepriceBookHandler implements ICommandHandler<RepriceBook> {
  constructor(private readonly books: BookRepository) {}

  async execute({ bookId, price }: RepriceBook): Promise<void> {
    const book = await this.books.get(bookId);
    book.reprice(price);
    await this.books.save(book);
    book.commit();
  }
}

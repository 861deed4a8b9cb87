import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import { Money } from '../../kernel/money';
import { Book, BookDescription } from '../model/book';
import { BookRepository } from '../persistence/book.repository';

/** Takes a book into the catalog. Answers its id. */
export class AddBook extends Command<string> {
  /** @param published it comes out at once, unless a moment is set for that */
  constructor(
    readonly facts: BookDescription & { readonly price: Money; readonly reference?: string },
    readonly published = false,
  ) {
    super();
  }
}

@CommandHandler(AddBook)
export class AddBookHandler implements ICommandHandler<AddBook> {
  constructor(
    private readonly books: BookRepository,
    private readonly clock: Clock,
  ) {}

  async execute({ facts, published }: AddBook): Promise<string> {
    const book = Book.add({ id: newId(), ...facts, addedAt: this.clock.now() });
    if (published && !facts.publishAt) book.bringOut();
    await this.books.save(book);
    book.commit();
    return book.id;
  }
}

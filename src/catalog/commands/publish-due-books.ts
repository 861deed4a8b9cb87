import { Injectable } from '@nestjs/common';
import { CommandBus, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { Alarm, Due } from '../../platform/schedule/alarm';
import { BookAdded, BookRevised } from '../catalog.events';
import { BookRepository } from '../persistence/book.repository';

/** Publishes a book if the moment has come that was set for it, and it is not out yet. */
export class PublishDueBook {
  constructor(readonly bookId: string) {}
}

@CommandHandler(PublishDueBook)
export class PublishDueBookHandler implements ICommandHandler<PublishDueBook> {
  constructor(
    private readonly books: BookRepository,
    private readonly clock: Clock,
  ) {}

  async execute({ bookId }: PublishDueBook): Promise<void> {
    const book = await this.books.get(bookId);
    // Since it was found to be due it may have been put off, withdrawn, or published by somebody else.
    if (!book.isDue(this.clock.now())) return;
    book.bringOut();
    await this.books.save(book);
    book.commit();
  }
}

/** Publishes books at the moment that was set for them, and after a start those that should have come out meanwhile. */
@Injectable()
export class PublishDueBooks extends Alarm {
  readonly movedBy = [BookAdded, BookRevised];

  constructor(
    private readonly books: BookRepository,
    private readonly commands: CommandBus,
  ) {
    super();
  }

  next(limit: number, except: readonly string[]): Promise<Due[]> {
    return this.books.planned(limit, except);
  }

  ring(bookId: string): Promise<void> {
    return this.commands.execute(new PublishDueBook(bookId));
  }
}

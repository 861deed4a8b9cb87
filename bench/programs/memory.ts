import { Controller, Get, Injectable, Module } from '@nestjs/common';
import {
  CommandHandler,
  CqrsModule,
  EventPublisher,
  EventsHandler,
  ICommandHandler,
  IEventHandler,
} from '@nestjs/cqrs';
import { uuidv7 } from 'uuidv7';
import { BookAdded } from '../../src/catalog/catalog.events';
import { AddBook } from '../../src/catalog/commands/add-book.command';
import { Book } from '../../src/catalog/model/book';
import { BooksController } from './books.controller';
import { serve } from './serve';

@Injectable()
class Shelves {
  readonly books = new Map<string, Book>();
  readonly inventories = new Map<string, { title: string; quantity: number }>();
}

@CommandHandler(AddBook)
class AddBookHandler implements ICommandHandler<AddBook> {
  constructor(
    private readonly shelves: Shelves,
    private readonly publisher: EventPublisher,
  ) {}

  async execute({ facts }: AddBook): Promise<string> {
    const book = this.publisher.mergeObjectContext(Book.add({ id: uuidv7(), ...facts, addedAt: new Date() }));
    this.shelves.books.set(book.id, book);
    book.commit();
    return book.id;
  }
}

@EventsHandler(BookAdded)
class OpenStock implements IEventHandler<BookAdded> {
  constructor(private readonly shelves: Shelves) {}

  async handle({ bookId, title }: BookAdded): Promise<void> {
    this.shelves.inventories.set(bookId, { title, quantity: 10 });
  }
}

@Controller('count')
class CountController {
  constructor(private readonly shelves: Shelves) {}

  @Get()
  count(): { books: number; inventories: number } {
    return { books: this.shelves.books.size, inventories: this.shelves.inventories.size };
  }
}

/** `@nestjs/cqrs` as it comes, with everything in memory: nothing survives the process. */
@Module({
  imports: [CqrsModule],
  controllers: [BooksController, CountController],
  providers: [Shelves, AddBookHandler, OpenStock],
})
class MemoryModule {}

void serve(MemoryModule);

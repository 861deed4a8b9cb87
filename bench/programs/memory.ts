import { Body, Controller, Get, Injectable, Module, Post, Res } from '@nestjs/common';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventPublisher,
  EventsHandler,
  ICommandHandler,
  IEventHandler,
} from '@nestjs/cqrs';
import { uuidv7 } from 'uuidv7';
import { BookAdded } from '../../src/catalog/catalog.events';
import { AddBookRequest } from '../../src/catalog/catalog.requests';
import { Book, BookDescription } from '../../src/catalog/model/book';
import type { Money } from '../../src/kernel/money';
import type { Reply } from '../../src/platform/http/reply';
import { serve } from './serve';

class AddBook {
  constructor(readonly facts: BookDescription & { readonly price: Money }) {}
}

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

@Controller()
class MemoryController {
  constructor(
    private readonly commands: CommandBus,
    private readonly shelves: Shelves,
  ) {}

  @Post('books')
  async add(
    @Body() { price, ...description }: AddBookRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ id: string }> {
    const id = await this.commands.execute<AddBook, string>(new AddBook({ ...description, price: price.toMoney() }));
    void reply.header('location', `/books/${id}`);
    return { id };
  }

  @Get('count')
  count(): { books: number; inventories: number } {
    return { books: this.shelves.books.size, inventories: this.shelves.inventories.size };
  }
}

/** `@nestjs/cqrs` as it comes, with everything in memory: nothing survives the process. */
@Module({
  imports: [CqrsModule],
  controllers: [MemoryController],
  providers: [Shelves, AddBookHandler, OpenStock],
})
class MemoryModule {}

void serve(MemoryModule);

import { Body, Controller, Module, Post, Res } from '@nestjs/common';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventPublisher,
  EventsHandler,
  ICommandHandler,
  IEventHandler,
} from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { BookAdded } from '../../src/catalog/catalog.events';
import { AddBookRequest } from '../../src/catalog/catalog.requests';
import { Book, BookDescription } from '../../src/catalog/model/book';
import { BookTable } from '../../src/catalog/persistence/book.table';
import { InventoryTable } from '../../src/inventory/persistence/inventory.table';
import type { Money } from '../../src/kernel/money';
import type { Reply } from '../../src/platform/http/reply';
import { serve } from './serve';
import { bookRow, database, inventoryRow } from './stored';

class AddBook {
  constructor(readonly facts: BookDescription & { readonly price: Money }) {}
}

/** One row is one statement, and durable by itself: TypeORM's transactions would mix on the one connection there is. */
const ALONE = { transaction: false };

@CommandHandler(AddBook)
class AddBookHandler implements ICommandHandler<AddBook> {
  constructor(
    private readonly source: DataSource,
    private readonly publisher: EventPublisher,
  ) {}

  async execute({ facts }: AddBook): Promise<string> {
    const book = this.publisher.mergeObjectContext(Book.add({ id: uuidv7(), ...facts, addedAt: new Date() }));
    await this.source.getRepository(BookTable).save(bookRow(book), ALONE);
    book.commit();
    return book.id;
  }
}

@EventsHandler(BookAdded)
class OpenStock implements IEventHandler<BookAdded> {
  constructor(private readonly source: DataSource) {}

  async handle({ bookId, title }: BookAdded): Promise<void> {
    await this.source.getRepository(InventoryTable).save(inventoryRow(bookId, title), ALONE);
  }
}

@Controller('books')
class DirectController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  async add(
    @Body() { price, ...description }: AddBookRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ id: string }> {
    const id = await this.commands.execute<AddBook, string>(new AddBook({ ...description, price: price.toMoney() }));
    void reply.header('location', `/books/${id}`);
    return { id };
  }
}

/** `@nestjs/cqrs` as it comes over a database: what was published is lost with the process, as there is no log. */
@Module({
  imports: [CqrsModule],
  controllers: [DirectController],
  providers: [database, AddBookHandler, OpenStock],
})
class DirectModule {}

void serve(DirectModule);

import { Module } from '@nestjs/common';
import {
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
import { AddBook } from '../../src/catalog/commands/add-book.command';
import { Book } from '../../src/catalog/model/book';
import { BookTable } from '../../src/catalog/persistence/book.table';
import { InventoryTable } from '../../src/inventory/persistence/inventory.table';
import { BooksController } from './books.controller';
import { serve } from './serve';
import { bookRow, database, inventoryRow } from './stored';

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

/** `@nestjs/cqrs` as it comes over a database: what was published is lost with the process, as there is no log. */
@Module({
  imports: [CqrsModule],
  controllers: [BooksController],
  providers: [database, AddBookHandler, OpenStock],
})
class DirectModule {}

void serve(DirectModule);

import { Module } from '@nestjs/common';
import { IEventHandler } from '@nestjs/cqrs';
import { configure } from '../../src/app.configure';
import * as catalogEvents from '../../src/catalog/catalog.events';
import { AddBookHandler } from '../../src/catalog/commands/add-book.command';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { InventoryTable } from '../../src/inventory/persistence/inventory.table';
import { publishes } from '../../src/platform/event-log/event-types';
import { PlatformModule } from '../../src/platform/platform.module';
import { Reaction } from '../../src/platform/reactions/reaction.decorator';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { BooksController } from './books.controller';
import { serve } from './serve';
import { inventoryRow } from './stored';

@Reaction(catalogEvents.BookAdded, 'inventory.open-stock')
class OpenStock implements IEventHandler<catalogEvents.BookAdded> {
  constructor(private readonly work: UnitOfWork) {}

  async handle({ bookId, title }: catalogEvents.BookAdded): Promise<void> {
    this.work.insert(InventoryTable, inventoryRow(bookId, title));
  }
}

/** What the programs beside it do, and no more, on the shop's platform: one command, one event, one reaction. */
@Module({
  imports: [PlatformModule],
  controllers: [BooksController],
  providers: [publishes(catalogEvents), BookRepository, AddBookHandler, OpenStock],
})
class PlatformAlone {}

void serve(PlatformAlone, configure);

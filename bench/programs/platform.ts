import { Body, Controller, Module, Post, Res } from '@nestjs/common';
import { CommandBus, IEventHandler } from '@nestjs/cqrs';
import { configure } from '../../src/app.configure';
import * as catalogEvents from '../../src/catalog/catalog.events';
import { AddBookRequest } from '../../src/catalog/catalog.requests';
import { AddBook, AddBookHandler } from '../../src/catalog/commands/add-book.command';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { InventoryTable } from '../../src/inventory/persistence/inventory.table';
import { publishes } from '../../src/platform/event-log/event-types';
import type { Reply } from '../../src/platform/http/reply';
import { PlatformModule } from '../../src/platform/platform.module';
import { Reaction } from '../../src/platform/reactions/reaction.decorator';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { serve } from './serve';
import { inventoryRow } from './stored';

@Reaction(catalogEvents.BookAdded, 'inventory.open-stock')
class OpenStock implements IEventHandler<catalogEvents.BookAdded> {
  constructor(private readonly work: UnitOfWork) {}

  async handle({ bookId, title }: catalogEvents.BookAdded): Promise<void> {
    this.work.insert(InventoryTable, inventoryRow(bookId, title));
  }
}

@Controller('books')
class BooksController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  async add(
    @Body() { price, ...description }: AddBookRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ id: string }> {
    const id = await this.commands.execute(new AddBook({ ...description, price: price.toMoney() }));
    void reply.header('location', `/books/${id}`);
    return { id };
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

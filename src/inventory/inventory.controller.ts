import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdParam, PageQuery } from '../platform/http/fields';
import { Page } from '../platform/http/page';
import { AdjustStock } from './commands/adjust-stock.command';
import { AdjustStockRequest } from './inventory.requests';
import { BrowseInventory } from './queries/browse-inventory.query';
import { BrowseMovements, LedgerLine } from './queries/browse-movements.query';
import { FindInventory, StockLevel } from './queries/find-inventory.query';

@ApiTags('inventory')
@Controller('inventory')
export class InventoryController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Lists the stock of every book, in the order in which the books were added' })
  browse(@Query() { limit, cursor }: PageQuery): Promise<Page<StockLevel>> {
    return this.queries.execute(new BrowseInventory(limit, cursor));
  }

  @Get(':bookId')
  @ApiOperation({ summary: 'Shows how many copies there are of a book, and how many of them are for sale' })
  find(@IdParam('bookId') bookId: string): Promise<StockLevel> {
    return this.queries.execute(new FindInventory(bookId));
  }

  @Get(':bookId/movements')
  @ApiOperation({ summary: "Lists the ledger of a book's stock, oldest line first" })
  movements(@IdParam('bookId') bookId: string, @Query() { limit, cursor }: PageQuery): Promise<Page<LedgerLine>> {
    return this.queries.execute(new BrowseMovements(bookId, limit, cursor));
  }

  @Post(':bookId/adjustments')
  @ApiOperation({ summary: 'Corrects the stock of a book after a count, a loss or a find' })
  async adjust(@IdParam('bookId') bookId: string, @Body() { amount, reason }: AdjustStockRequest): Promise<StockLevel> {
    await this.commands.execute(new AdjustStock(bookId, amount, reason));
    return this.queries.execute(new FindInventory(bookId));
  }
}

import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
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
  browse(@Query() { limit, cursor }: PageQuery): Promise<Page<StockLevel>> {
    return this.queries.execute(new BrowseInventory(limit, cursor));
  }

  @Get(':bookId')
  find(@IdParam('bookId') bookId: string): Promise<StockLevel> {
    return this.queries.execute(new FindInventory(bookId));
  }

  @Get(':bookId/movements')
  movements(@IdParam('bookId') bookId: string, @Query() { limit, cursor }: PageQuery): Promise<Page<LedgerLine>> {
    return this.queries.execute(new BrowseMovements(bookId, limit, cursor));
  }

  @Post(':bookId/adjustments')
  async adjust(@IdParam('bookId') bookId: string, @Body() { amount, reason }: AdjustStockRequest): Promise<StockLevel> {
    await this.commands.execute(new AdjustStock(bookId, amount, reason));
    return this.queries.execute(new FindInventory(bookId));
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Page } from '../platform/http/page';
import { BestSellersRequest, SalesRequest } from './analytics.requests';
import { CountOrders, Funnel } from './queries/count-orders.query';
import { BestSeller, RankBestSellers } from './queries/rank-best-sellers.query';
import { SalesReport, SumUpSales } from './queries/sum-up-sales.query';

@ApiTags('analytics')
@Controller('analytics')
export class AnalyticsController {
  constructor(private readonly queries: QueryBus) {}

  @Get('sales')
  @ApiOperation({ summary: 'Sums up sales by day and currency, the earliest day first' })
  sales(@Query() { from, to, limit, cursor }: SalesRequest): Promise<SalesReport> {
    return this.queries.execute(new SumUpSales(from, to, limit, cursor));
  }

  @Get('best-sellers')
  @ApiOperation({ summary: 'Ranks the books that were sold, most copies first' })
  bestSellers(@Query() { period, limit, cursor }: BestSellersRequest): Promise<Page<BestSeller>> {
    return this.queries.execute(new RankBestSellers(period, limit, cursor));
  }

  @Get('funnel')
  @ApiOperation({ summary: 'Counts the orders that have ever come to each step' })
  funnel(): Promise<Funnel> {
    return this.queries.execute(new CountOrders());
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
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
  sales(@Query() { from, to, limit, cursor }: SalesRequest): Promise<SalesReport> {
    return this.queries.execute(new SumUpSales(from, to, limit, cursor));
  }

  @Get('best-sellers')
  bestSellers(@Query() { period, limit, cursor }: BestSellersRequest): Promise<Page<BestSeller>> {
    return this.queries.execute(new RankBestSellers(period, limit, cursor));
  }

  @Get('funnel')
  funnel(): Promise<Funnel> {
    return this.queries.execute(new CountOrders());
  }
}

import { Module } from '@nestjs/common';
import { AnalyticsController } from './analytics.controller';
import { ANALYTICS_INVARIANTS } from './persistence/analytics.invariants';
import { CountOrdersHandler } from './queries/count-orders.query';
import { RankBestSellersHandler } from './queries/rank-best-sellers.query';
import { SumUpSalesHandler } from './queries/sum-up-sales.query';
import { BestSellersProjection } from './reactions/best-sellers.projection';
import { FunnelProjection } from './reactions/funnel.projection';
import { SalesProjection } from './reactions/sales.projection';

@Module({
  controllers: [AnalyticsController],
  providers: [
    ANALYTICS_INVARIANTS,
    // queries
    SumUpSalesHandler,
    RankBestSellersHandler,
    CountOrdersHandler,
    // reactions
    SalesProjection,
    BestSellersProjection,
    FunnelProjection,
  ],
})
export class AnalyticsModule {}

import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { LoyaltyController } from './loyalty.controller';
import * as loyaltyEvents from './loyalty.events';
import { LOYALTY_INVARIANTS } from './persistence/loyalty.invariants';
import { PointsAccountRepository } from './persistence/points-account.repository';
import { FindPointsHandler } from './queries/find-points.query';
import { AwardPointsOnOrderPlaced } from './reactions/award-points-on-order-placed.reaction';

@Module({
  controllers: [LoyaltyController],
  providers: [
    publishes(loyaltyEvents),
    LOYALTY_INVARIANTS,
    PointsAccountRepository,
    // queries
    FindPointsHandler,
    // reactions
    AwardPointsOnOrderPlaced,
  ],
})
export class LoyaltyModule {}

import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { EmailParam, PageQuery } from '../platform/http/fields';
import { FindPoints, Points } from './queries/find-points.query';

@ApiTags('loyalty')
@Controller('loyalty')
export class LoyaltyController {
  constructor(private readonly queries: QueryBus) {}

  @Get(':email')
  @ApiOperation({ summary: 'Shows the points of a customer with the ledger, oldest line first' })
  find(@EmailParam('email') email: string, @Query() { limit, cursor }: PageQuery): Promise<Points> {
    return this.queries.execute(new FindPoints(email, limit, cursor));
  }
}

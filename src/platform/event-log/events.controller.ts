import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { PageQuery, QueryWholeNumber, Text } from '../http/fields';
import { decodeCursor, Page, page } from '../http/page';
import { EventLog, StoredEvent } from './event-log';

class EventsRequest extends PageQuery {
  @Text({ max: 200, optional: true }) stream?: string;
  @Text({ max: 200, optional: true }) type?: string;
  @Text({ max: 64, optional: true }) correlationId?: string;
  /** Only events after this position. */
  @QueryWholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true }) after?: number;
}

@ApiTags('events')
@Controller('events')
export class EventsController {
  constructor(private readonly log: EventLog) {}

  @Get()
  @ApiOperation({ summary: 'Lists the events of the log, oldest first' })
  async browse(@Query() { limit, cursor, after = 0, ...wanted }: EventsRequest): Promise<Page<StoredEvent>> {
    const [last] = cursor ? decodeCursor(cursor, ['number']) : [0];
    const events = await this.log.browse({ ...wanted, after: Math.max(after, last), limit: limit + 1 });
    return page(events, limit, ({ position }) => [position]);
  }
}

import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Invalid } from '../../kernel/domain-error';
import { PageQuery, Text } from '../http/fields';
import { decodeCursor } from '../http/page';
import { Explanation } from './explanation';
import { Why } from './why';

class WhyEventRequest {
  /** Only what became of it in this reaction. */
  @Text({ max: 200, optional: true }) reaction?: string;
}

class WhyRequest extends PageQuery {
  /** Only what became of its events in this reaction. */
  @Text({ max: 200, optional: true }) reaction?: string;
}

@ApiTags('why')
@Controller('why')
export class WhyController {
  constructor(private readonly why: Why) {}

  /** Where an event comes from, and what became of it in each reaction that listens. */
  @Get('event/:position')
  event(@Param('position') position: string, @Query() { reaction }: WhyEventRequest): Promise<Explanation> {
    if (!/^\d{1,15}$/.test(position))
      throw new Invalid('position-invalid', 'position', 'must be a position in the log');
    return this.why.event(Number(position), { reaction });
  }

  /** Why something is as it is: its events, each back to the request and on to the reactions; or why it is not there. */
  @Get(':kind/:thing')
  thing(
    @Param('kind') kind: string,
    @Param('thing') thing: string,
    @Query() { reaction, limit, cursor }: WhyRequest,
  ): Promise<Explanation> {
    const [after] = cursor ? decodeCursor(cursor, ['number']) : [0];
    return this.why.thing(kind, thing, { reaction, after, limit });
  }
}

import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
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

  @Get('event/:position')
  @ApiOperation({ summary: 'Explains where an event comes from, and what became of it in each reaction that listens' })
  event(@Param('position') position: string, @Query() { reaction }: WhyEventRequest): Promise<Explanation> {
    if (!/^\d{1,15}$/.test(position))
      throw new Invalid('position-invalid', 'position', 'must be a position in the log');
    return this.why.event(Number(position), { reaction });
  }

  @Get(':kind/:thing')
  @ApiOperation({
    summary: 'Explains why something is as it is, or why it is not there',
    description: 'It shows the events of the thing, each back to the request and on to the reactions.',
  })
  thing(
    @Param('kind') kind: string,
    @Param('thing') thing: string,
    @Query() { reaction, limit, cursor }: WhyRequest,
  ): Promise<Explanation> {
    const [after] = cursor ? decodeCursor(cursor, ['number']) : [0];
    return this.why.thing(kind, thing, { reaction, after, limit });
  }
}

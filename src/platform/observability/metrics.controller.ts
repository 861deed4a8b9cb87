import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces } from '@nestjs/swagger';
import type { Reply } from '../http/reply';
import { Metrics } from './metrics';

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @ApiOperation({ summary: 'Shows the figures of this process and of the reactions, as Prometheus reads them' })
  @ApiProduces('text/plain')
  show(@Res({ passthrough: true }) reply: Reply): Promise<string> {
    void reply.header('content-type', this.metrics.contentType);
    return this.metrics.asText();
  }
}

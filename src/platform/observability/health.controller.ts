import { BeforeApplicationShutdown, Controller, Get } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { ReadDatabase } from '../database/read-database';
import { ServiceUnavailable } from '../http/problem';
import { withinTime } from '../unit-of-work/time-limit';
import { Doctor } from '../invariants/doctor';
import { UnitOfWork } from '../unit-of-work/unit-of-work';

/** Whoever asks wants to know whether to send somebody here, and soon. In milliseconds. */
const LONGEST_CHECK = 3_000;

@Controller('health')
export class HealthController implements BeforeApplicationShutdown {
  private stopping = false;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: ReadDatabase,
    private readonly work: UnitOfWork,
    private readonly doctor: Doctor,
  ) {}

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  @Get('live')
  @ApiOperation({ summary: 'Says that the process runs' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  @ApiOperation({
    summary: 'Says whether the process can do its work',
    description:
      'It can when the database can be read and written, the log is as long as the reactions have read, and nobody has asked it to stop.',
  })
  async ready() {
    if (this.stopping) throw new ServiceUnavailable('stopping', 'the shop is closing');
    return this.health.check([
      () => this.indicate('read', () => this.database.first('SELECT 1')),
      () =>
        this.indicate('write', () => this.work.run('health', () => this.work.query(this.database.dialect.isWritable))),
      () => this.indicate('log', () => this.assertSound()),
    ]);
  }

  /** Whoever has put back an older database under a newer one's checkpoints should hear of it before customers do. */
  private async assertSound(): Promise<void> {
    const [finding] = await this.doctor.glance();
    if (finding) throw new Error(finding.violations[0]);
  }

  private async indicate(name: 'read' | 'write' | 'log', check: () => Promise<unknown>) {
    const indicator = this.indicators.check(name);
    return withinTime(check, LONGEST_CHECK).then(
      () => indicator.up(),
      (error: Error) => indicator.down(error.message),
    );
  }
}

import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { ReactionStatuses } from '../../platform/reactions/reaction-status';
import { Alarm, Due } from '../../platform/schedule/alarm';
import { RuleActivated, type Metric } from '../alerts.events';
import { Reading } from '../model/metric';
import { LookAtMetric } from './look-at-metric.command';

/** Looks at the metrics that change without an event, as long as a rule of theirs is active. */
@Injectable()
export class LookAlarm extends Alarm {
  readonly movedBy = [RuleActivated];

  constructor(
    private readonly database: ReadDatabase,
    private readonly statuses: ReactionStatuses,
    private readonly commands: CommandBus,
  ) {
    super();
  }

  async next(limit: number, except: readonly string[]): Promise<Due[]> {
    const rows = await this.database.all<{ metric: Metric; dueAt: number }>(
      `SELECT metric, due_at AS "dueAt" FROM alerts_metric
        WHERE active_rules > 0 AND due_at IS NOT NULL AND metric NOT IN (SELECT value FROM json_each($1))
        ORDER BY due_at LIMIT $2`,
      [JSON.stringify(except), limit],
    );
    return rows.map(({ metric, dueAt }) => ({ id: metric, at: new Date(dueAt) }));
  }

  async ring(id: string): Promise<void> {
    const metric = id as Metric;
    await this.commands.execute(new LookAtMetric(metric, await this.measured(metric)));
  }

  /** What the platform knows of its reactions. It counts, so it is asked before anybody has to wait for it. */
  private async measured(metric: Metric): Promise<Reading[]> {
    if (metric !== 'reaction-lag' && metric !== 'dead-letters') return [];
    const statuses = await this.statuses.all();
    return statuses.map(({ name, lag, dead }) => ({
      metric,
      subject: name,
      value: metric === 'reaction-lag' ? lag : dead,
    }));
  }
}

import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { dayOf } from '../../kernel/day';
import type { Metric } from '../alerts.events';
import { Reading } from '../model/metric';
import { Figures } from '../persistence/figures';
import { RuleRepository } from '../persistence/rule.repository';
import { Evaluation } from './evaluation';

/** Holds a metric against its rules, as its time has come. Whoever comes too early changes nothing. */
export class LookAtMetric {
  constructor(
    readonly metric: Metric,
    /** What was measured before, where alerts themselves do not know. */
    readonly measured: readonly Reading[] = [],
  ) {}
}

@CommandHandler(LookAtMetric)
export class LookAtMetricHandler implements ICommandHandler<LookAtMetric> {
  constructor(
    private readonly rules: RuleRepository,
    private readonly figures: Figures,
    private readonly evaluation: Evaluation,
    private readonly clock: Clock,
  ) {}

  async execute({ metric, measured }: LookAtMetric): Promise<void> {
    if (!(await this.rules.isDue(metric))) return;
    await this.evaluation.of(metric, async () => {
      const now = this.clock.now();
      if (metric === 'orders-per-hour') return this.figures.ordersInHour(now);
      if (metric !== 'revenue-per-day') return measured;
      return this.figures.revenueOf(await this.rules.subjectsOf(metric), dayOf(now.toISOString()));
    });
    this.rules.noteLooked(metric);
  }
}

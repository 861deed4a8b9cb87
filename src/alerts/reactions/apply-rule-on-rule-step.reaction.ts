import { IEventHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { dayOf } from '../../kernel/day';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { RuleActivated, RulePartlyApplied, RuleRetired } from '../alerts.events';
import { Evaluation } from '../commands/evaluation';
import { Rule } from '../model/rule';
import { AlertRepository } from '../persistence/alert.repository';
import { Figures, Place } from '../persistence/figures';
import { RuleRepository } from '../persistence/rule.repository';

/**
 * Does what follows from activating and retiring a rule: holds against it what is known already, and ends its alerts.
 * There may be as many as there are books, so it does a part, and asks itself for the next one.
 */
@Reaction([RuleActivated, RuleRetired, RulePartlyApplied], 'alerts.apply-rule')
export class ApplyRuleOnRuleStep implements IEventHandler<object> {
  /** So many alerts are raised or ended in one go. */
  mostAtOnce = 100;

  constructor(
    private readonly rules: RuleRepository,
    private readonly alerts: AlertRepository,
    private readonly figures: Figures,
    private readonly evaluation: Evaluation,
    private readonly clock: Clock,
  ) {}

  async handle(event: RuleActivated | RuleRetired | RulePartlyApplied): Promise<void> {
    const rule = await this.rules.get(event.ruleId);
    const { status, metric, subject } = rule.snapshot();
    const last = event instanceof RulePartlyApplied ? event.last : undefined;
    if (status === 'RETIRED') return this.endAlerts(rule);
    if (metric === 'available-copies' && subject === '') return this.lookThroughBooks(rule, last);
    const now = this.clock.now();
    await this.evaluation.of(metric, async () => {
      if (metric === 'available-copies') return this.figures.copiesOf(subject);
      if (metric === 'orders-per-hour') return this.figures.ordersInHour(now);
      if (metric === 'revenue-per-day') return this.figures.revenueOf([subject], dayOf(now.toISOString()));
      // What reactions do is looked at by the alarm alone: seen from within one, that one is always behind.
      return [];
    });
  }

  private async lookThroughBooks(rule: Rule, last: Place | undefined): Promise<void> {
    const readings = await this.figures.crossing(rule, last, this.mostAtOnce);
    for (const reading of readings) await this.evaluation.raise(rule, reading);
    if (readings.length < this.mostAtOnce) return;
    const { value, subject } = readings[readings.length - 1];
    await this.goOn(rule, { available: value, bookId: subject });
  }

  private async endAlerts(rule: Rule): Promise<void> {
    const open = await this.alerts.openOf(rule.id, this.mostAtOnce);
    for (const alertId of open) await this.evaluation.clear(alertId, 'rule-retired');
    if (open.length === this.mostAtOnce) await this.goOn(rule);
  }

  private async goOn(rule: Rule, last?: Place): Promise<void> {
    rule.notePart(last);
    await this.rules.save(rule);
    rule.commit();
  }
}

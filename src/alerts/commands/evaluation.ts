import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import type { Metric, ReasonToClear } from '../alerts.events';
import { Alert } from '../model/alert';
import { Reading } from '../model/metric';
import { Rule } from '../model/rule';
import { AlertRepository } from '../persistence/alert.repository';
import { RuleRepository } from '../persistence/rule.repository';

/**
 * Holds what was measured against the active rules. All of it happens in the unit of work of what has changed the value,
 * and asks what is open before it raises anything, so whoever holds the same against them again changes nothing.
 */
@Injectable()
export class Evaluation {
  constructor(
    private readonly rules: RuleRepository,
    private readonly alerts: AlertRepository,
    private readonly clock: Clock,
  ) {}

  /** Raises and clears what a metric gives reason to. @param measure not called where no rule of the metric is active */
  async of(metric: Metric, measure: () => Promise<readonly Reading[]>): Promise<void> {
    if ((await this.rules.activeOf(metric)) === 0) return;
    for (const reading of await measure()) {
      for (const { rule, alertId } of await this.rules.watching(metric, reading.subject)) {
        const verdict = rule.judge(reading, alertId !== undefined);
        if (verdict === 'crossed') await this.raise(rule, reading);
        if (verdict === 'recovered') await this.clear(alertId!, 'recovered', reading.value);
      }
    }
  }

  /** Raises an alert. There must be none that is open of this rule and about this subject. */
  async raise(rule: Rule, reading: Reading): Promise<void> {
    const alert = Alert.raise(newId(), rule, reading, this.clock.now());
    await this.alerts.save(alert);
    alert.commit();
  }

  /** Ends an alert. @param value with which it has recovered, if that is the reason */
  async clear(alertId: string, reason: ReasonToClear, value?: number): Promise<void> {
    const alert = await this.alerts.get(alertId);
    alert.clear(reason, this.clock.now(), value);
    await this.alerts.save(alert);
    alert.commit();
  }

  /** Ends what is open about a book that is not sold any more. */
  async dismiss(bookId: string): Promise<void> {
    if ((await this.rules.activeOf('available-copies')) === 0) return;
    for (const { alertId } of await this.rules.watching('available-copies', bookId)) {
      if (alertId) await this.clear(alertId, 'book-withdrawn');
    }
  }
}

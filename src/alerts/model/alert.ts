import { AggregateRoot } from '@nestjs/cqrs';
import { AlertCleared, AlertRaised, type Comparison, type Metric, type ReasonToClear } from '../alerts.events';
import { named, Reading } from './metric';
import { Rule } from './rule';

export const ALERT_STATUSES = ['open', 'cleared'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

/** An alert as it is stored, with what its rule says. A rule has at most one that is open about a subject. */
export interface AlertState {
  readonly id: string;
  readonly ruleId: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly clearAt: number;
  /** Empty where the metric has one value. */
  readonly subject: string;
  /** Of the book, as it was then. */
  readonly title?: string;
  /** With which the threshold was crossed. */
  readonly value: number;
  readonly status: AlertStatus;
  readonly raisedAt: Date;
  readonly clearedAt?: Date;
  readonly clearedValue?: number;
  readonly reason?: ReasonToClear;
}

/** Something that staff should look at, from the moment at which a value crosses a threshold until it is over. */
export class Alert extends AggregateRoot {
  readonly id: string;

  private constructor(private state: AlertState) {
    super();
    this.id = state.id;
  }

  /** Raises an alert, as a value has crossed the threshold of a rule. */
  static raise(id: string, rule: Rule, { subject, title, value }: Reading, raisedAt: Date): Alert {
    const { metric, comparison, threshold, clearAt } = rule.snapshot();
    const condition = { ruleId: rule.id, metric, comparison, threshold, clearAt };
    const alert = new Alert({ id, ...condition, subject, title, value, status: 'open', raisedAt });
    alert.apply(new AlertRaised({ ...alert.facts(), value }));
    return alert;
  }

  static restore(state: AlertState): Alert {
    return new Alert(state);
  }

  /** Ends the alert. A second time changes nothing. @param value with which it has recovered, if that is the reason */
  clear(reason: ReasonToClear, at: Date, value?: number): void {
    if (this.state.status === 'cleared') return;
    this.state = { ...this.state, status: 'cleared', clearedAt: at, clearedValue: value, reason };
    this.apply(new AlertCleared({ ...this.facts(), reason, value }));
  }

  snapshot(): AlertState {
    return this.state;
  }

  private facts() {
    const { ruleId, metric, comparison, threshold, clearAt, subject, title } = this.state;
    return {
      ...{ alertId: this.id, ruleId, metric, comparison, threshold, clearAt },
      subject: named(metric, subject, title),
    };
  }
}

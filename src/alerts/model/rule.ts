import { AggregateRoot } from '@nestjs/cqrs';
import { dayOf } from '../../kernel/day';
import { Invalid } from '../../kernel/domain-error';
import {
  RuleActivated,
  RuleDrafted,
  RulePartlyApplied,
  RuleRetired,
  type Comparison,
  type Metric,
  type Subject,
} from '../alerts.events';
import { RuleStateForbids, TooManyRules } from './alerts.errors';
import { mostOf, named, Reading, subjectOf, valueFrom } from './metric';

/** So many rules of one metric may be active: all of them may have to be looked at for one event. */
export const MOST_ACTIVE = 1_000;

export type RuleStatus = 'DRAFT' | 'ACTIVE' | 'RETIRED';

/** A rule as somebody writes it. */
export interface Draft extends Omit<Subject, 'title'> {
  readonly metric: Metric;
  readonly comparison: Comparison;
  /** As callers write it: revenue in major units. */
  readonly threshold: number;
  /** The value with which an alert is over. */
  readonly clearAt?: number;
}

/** A rule as it is stored. What it says never changes. */
export interface RuleState {
  readonly id: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  /** Revenue in minor units. */
  readonly threshold: number;
  readonly clearAt: number;
  /** Empty where it watches each subject, or the metric has one value. */
  readonly subject: string;
  readonly status: RuleStatus;
  readonly draftedAt: Date;
  readonly activatedAt?: Date;
  readonly retiredAt?: Date;
}

/** What staff want to be told of: a metric that is below or above a threshold. */
export class Rule extends AggregateRoot {
  readonly id: string;

  private constructor(private state: RuleState) {
    super();
    this.id = state.id;
  }

  /** Writes a rule, which watches nothing before it is activated. @throws Invalid for one that could never be crossed, or over */
  static draft({ id, draftedAt, ...draft }: Draft & { readonly id: string; readonly draftedAt: Date }): Rule {
    const { metric, comparison } = draft;
    const subject = subjectOf(metric, draft);
    const threshold = valueFrom(metric, subject, draft.threshold, 'threshold');
    mustBeCrossable(metric, comparison, threshold);
    const clearAt =
      draft.clearAt === undefined
        ? withMargin(metric, comparison, threshold)
        : valueFrom(metric, subject, draft.clearAt, 'clearAt');
    if (comparison === 'below' ? clearAt < threshold : clearAt > threshold) {
      const side = comparison === 'below' ? 'less' : 'greater';
      throw new Invalid('clear-at-on-wrong-side', 'clearAt', `must not be ${side} than the threshold`);
    }
    const rule = new Rule({ id, metric, comparison, threshold, clearAt, subject, status: 'DRAFT', draftedAt });
    rule.apply(new RuleDrafted(rule.facts()));
    return rule;
  }

  static restore(state: RuleState): Rule {
    return new Rule(state);
  }

  /**
   * Lets the rule watch.
   * @param others so many rules of its metric are active
   * @throws RuleStateForbids, TooManyRules
   */
  activate(at: Date, others: number): void {
    this.refuseUnless('DRAFT', 'activated');
    if (others >= MOST_ACTIVE) throw new TooManyRules(this.state.metric, MOST_ACTIVE);
    this.state = { ...this.state, status: 'ACTIVE', activatedAt: at };
    this.apply(new RuleActivated(this.facts()));
  }

  /** Lets the rule watch no more, for good. Its alerts are over with it. @throws RuleStateForbids */
  retire(at: Date): void {
    this.refuseUnless('ACTIVE', 'retired');
    this.state = { ...this.state, status: 'RETIRED', retiredAt: at };
    this.apply(new RuleRetired(this.facts()));
  }

  /** Notes that more is to be done of what follows from activating or retiring it. @param last the book looked at last */
  notePart(last?: RulePartlyApplied['last']): void {
    this.apply(new RulePartlyApplied({ ruleId: this.id, last }));
  }

  /**
   * What a value means: the beginning of an alert, its end, or nothing new. Between the threshold and the value that
   * ends an alert everything stays as it is, so a value that trembles there gives one alert and not many.
   * @param isOpen whether there is an alert about the subject
   */
  judge({ value, day }: Reading, isOpen: boolean): 'crossed' | 'recovered' | undefined {
    const { comparison, threshold, clearAt } = this.state;
    if (day && !this.counts(day)) return undefined;
    const isBelow = comparison === 'below';
    if (isOpen) return (isBelow ? value >= clearAt : value <= clearAt) ? 'recovered' : undefined;
    return (isBelow ? value < threshold : value > threshold) ? 'crossed' : undefined;
  }

  snapshot(): RuleState {
    return this.state;
  }

  /** Every day begins with nothing: too little it can only be when it is over. One from before the rule was none of its business. */
  private counts({ date, isOver }: { readonly date: string; readonly isOver: boolean }): boolean {
    const { comparison, activatedAt } = this.state;
    if (comparison === 'above') return !isOver;
    return isOver && activatedAt !== undefined && date >= dayOf(activatedAt.toISOString());
  }

  private refuseUnless(needed: RuleStatus, wanted: string): void {
    if (this.state.status !== needed) throw new RuleStateForbids(this.id, wanted, this.state.status);
  }

  private facts() {
    const { metric, comparison, threshold, clearAt, subject } = this.state;
    return { ruleId: this.id, metric, comparison, threshold, clearAt, subject: named(metric, subject) };
  }
}

/** A count is never below nothing, and never above the most; refunds may leave less than nothing of a day's revenue. */
function mustBeCrossable(metric: Metric, comparison: Comparison, threshold: number): void {
  const most = mostOf(metric);
  if (comparison === 'above' && threshold >= most && metric !== 'revenue-per-day') {
    throw new Invalid('threshold-never-crossed', 'threshold', `must be less than ${most}, as it is never above that`);
  }
  if (comparison === 'below' && threshold === 0 && metric !== 'revenue-per-day') {
    throw new Invalid('threshold-never-crossed', 'threshold', 'must be at least 1, as it is never below 0');
  }
}

/** A tenth of the threshold, and at least one: so far the value has to come back before an alert is over. */
function withMargin(metric: Metric, comparison: Comparison, threshold: number): number {
  const margin = Math.max(1, Math.ceil(threshold / 10));
  return comparison === 'below' ? Math.min(threshold + margin, mostOf(metric)) : Math.max(threshold - margin, 0);
}

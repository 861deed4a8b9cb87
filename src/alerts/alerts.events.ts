/** What is watched. Copies, orders, events and dead letters are counted; revenue is in minor units of its currency. */
export type Metric = 'available-copies' | 'orders-per-hour' | 'revenue-per-day' | 'reaction-lag' | 'dead-letters';

export type Comparison = 'below' | 'above';

/** Why an alert is over: the value is back, nobody watches it any more, or the book is not sold any more. */
export type ReasonToClear = 'recovered' | 'rule-retired' | 'book-withdrawn';

/** What a rule or an alert is about. Empty where the metric has one value, or a rule watches each subject that there is. */
export interface Subject {
  readonly bookId?: string;
  /** Of the book; of a rule it is not known. */
  readonly title?: string;
  readonly currency?: string;
  readonly reaction?: string;
}

/** Somebody has written a rule, which watches nothing yet. */
export class RuleDrafted {
  static readonly type = 'alerts.rule-drafted';
  readonly ruleId: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  /** The value with which its alerts are over. */
  readonly clearAt: number;
  readonly subject: Subject;

  constructor(facts: RuleDrafted) {
    Object.assign(this, facts);
  }
}

/** A rule watches from now on. */
export class RuleActivated {
  static readonly type = 'alerts.rule-activated';
  readonly ruleId: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly clearAt: number;
  readonly subject: Subject;

  constructor(facts: RuleActivated) {
    Object.assign(this, facts);
  }
}

/** A rule watches no more, for good. */
export class RuleRetired {
  static readonly type = 'alerts.rule-retired';
  readonly ruleId: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly clearAt: number;
  readonly subject: Subject;

  constructor(facts: RuleRetired) {
    Object.assign(this, facts);
  }
}

/** What has followed from activating or retiring a rule is done for some of the books, and not yet for all. */
export class RulePartlyApplied {
  static readonly type = 'alerts.rule-partly-applied';
  readonly ruleId: string;
  /** The book that was looked at last, where an active rule looks through the books. */
  readonly last?: { readonly available: number; readonly bookId: string };

  constructor(facts: RulePartlyApplied) {
    Object.assign(this, facts);
  }
}

/** A value has crossed the threshold of an active rule. */
export class AlertRaised {
  static readonly type = 'alerts.alert-raised';
  readonly alertId: string;
  readonly ruleId: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly clearAt: number;
  readonly subject: Subject;
  readonly value: number;

  constructor(facts: AlertRaised) {
    Object.assign(this, facts);
  }
}

/** An alert is over. */
export class AlertCleared {
  static readonly type = 'alerts.alert-cleared';
  readonly alertId: string;
  readonly ruleId: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly clearAt: number;
  readonly subject: Subject;
  readonly reason: ReasonToClear;
  /** With which it has recovered; missing where it is over for another reason. */
  readonly value?: number;

  constructor(facts: AlertCleared) {
    Object.assign(this, facts);
  }
}

import { AnyNumber, OneOf, PageQuery, Text, Uuid } from '../platform/http/fields';
import type { Comparison, Metric } from './alerts.events';
import { ALERT_STATUSES, type AlertStatus } from './model/alert';
import { COMPARISONS, METRICS } from './model/metric';

export class DraftRuleRequest {
  @OneOf(METRICS) metric: Metric;
  @OneOf(COMPARISONS) comparison: Comparison;
  /** Revenue in major units, such as 12.99; all else as a whole number. */
  @AnyNumber() threshold: number;
  /** The value with which an alert is over: a tenth of the threshold away from it unless told otherwise. */
  @AnyNumber({ optional: true }) clearAt?: number;
  /** For `available-copies`: each book unless told otherwise. */
  @Uuid({ optional: true }) bookId?: string;
  /** For `revenue-per-day`: USD unless told otherwise. */
  @Text({ max: 3, optional: true }) currency?: string;
  /** For `reaction-lag` and `dead-letters`: each reaction unless told otherwise. */
  @Text({ max: 200, optional: true }) reaction?: string;
}

export class BrowseAlertsRequest extends PageQuery {
  @OneOf(ALERT_STATUSES, { optional: true }) status?: AlertStatus;
}

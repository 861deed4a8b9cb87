import type { Comparison, Metric, Subject } from '../alerts.events';
import { named, shown } from '../model/metric';
import type { RuleStatus } from '../model/rule';

/** A rule as the shop shows it, alone and in lists; revenue in major units. */
export interface RuleDetails extends Subject {
  readonly id: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly clearAt: number;
  readonly status: RuleStatus;
  readonly draftedAt: string;
  readonly activatedAt?: string;
  readonly retiredAt?: string;
}

export interface RuleRow {
  id: string;
  metric: Metric;
  comparison: Comparison;
  threshold: number;
  clearAt: number;
  subject: string;
  status: RuleStatus;
  draftedAt: string;
  activatedAt: string | null;
  retiredAt: string | null;
}

/** What to select from `alerts_rule` for a `RuleRow`. */
export const RULE_COLUMNS = `id, metric, comparison, threshold, clear_at AS "clearAt", subject, status,
  drafted_at AS "draftedAt", activated_at AS "activatedAt", retired_at AS "retiredAt"`;

export const toDetails = (row: RuleRow): RuleDetails => ({
  id: row.id,
  metric: row.metric,
  ...named(row.metric, row.subject),
  comparison: row.comparison,
  threshold: shown(row.metric, row.subject, row.threshold),
  clearAt: shown(row.metric, row.subject, row.clearAt),
  status: row.status,
  draftedAt: row.draftedAt,
  activatedAt: row.activatedAt ?? undefined,
  retiredAt: row.retiredAt ?? undefined,
});

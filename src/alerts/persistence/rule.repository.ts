import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import type { Metric } from '../alerts.events';
import { RuleNotFound } from '../model/alerts.errors';
import { TIMED } from '../model/metric';
import { Rule } from '../model/rule';
import { MetricTable, RuleTable } from './rule.table';

/** How often a metric is looked at that changes without an event, in milliseconds. */
export const LOOK_EVERY = 15_000;

/** The place of a rule's events in the log. */
export const streamOf = (id: string) => `alerts.rule/${id}`;

/** An active rule that watches a subject, and the alert about it that is open. */
export interface Watching {
  readonly rule: Rule;
  readonly alertId?: string;
}

@Injectable()
export class RuleRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @throws RuleNotFound */
  async get(id: string): Promise<Rule> {
    const row = await this.work.find(RuleTable, id);
    if (!row) throw new RuleNotFound(id);
    return this.work.track(toRule(row), streamOf(id), row.version);
  }

  /** Stores the rule, and how many of its metric are active. */
  async save(rule: Rule): Promise<void> {
    const { draftedAt, activatedAt, retiredAt, ...state } = rule.snapshot();
    const before = await this.work.find(RuleTable, rule.id);
    const change = Number(state.status === 'ACTIVE') - Number(before?.status === 'ACTIVE');
    if (change) await this.count(state.metric, change);
    const row = {
      ...state,
      draftedAt: draftedAt.toISOString(),
      activatedAt: activatedAt?.toISOString(),
      retiredAt: retiredAt?.toISOString(),
    };
    this.work.save(rule, streamOf(rule.id), RuleTable, row);
  }

  /** How many rules of a metric are active. */
  async activeOf(metric: Metric): Promise<number> {
    return (await this.work.find(MetricTable, metric))?.activeRules ?? 0;
  }

  /** @returns the active rules that watch this subject, with their alerts about it; no more than may be active */
  async watching(metric: Metric, subject: string): Promise<Watching[]> {
    const rows = await this.work.query<RuleTable & { alertId: string | null }>(
      `SELECT rule.id, rule.version, rule.metric, rule.comparison, rule.threshold, rule.clear_at AS "clearAt", rule.subject,
              rule.status, rule.drafted_at AS "draftedAt", rule.activated_at AS "activatedAt", alert.id AS "alertId"
         FROM alerts_rule rule
         LEFT JOIN alerts_alert alert ON alert.rule_id = rule.id AND alert.subject = $2 AND alert.status = 'open'
        WHERE rule.metric = $1 AND rule.subject IN ('', $2) AND rule.status = 'ACTIVE'`,
      [metric, subject],
    );
    return rows.map(({ alertId, ...row }) => ({ rule: toRule(row), alertId: alertId ?? undefined }));
  }

  /** @returns the subjects that the active rules of a metric name */
  async subjectsOf(metric: Metric): Promise<string[]> {
    const rows = await this.work.query<{ subject: string }>(
      `SELECT DISTINCT subject FROM alerts_rule WHERE metric = $1 AND status = 'ACTIVE' AND subject > ''`,
      [metric],
    );
    return rows.map(({ subject }) => subject);
  }

  /** Whether the metric is to be looked at now: another process may have done so since that was asked last. */
  async isDue(metric: Metric): Promise<boolean> {
    const row = await this.work.find(MetricTable, metric);
    return row?.dueAt !== undefined && row.activeRules > 0 && row.dueAt <= this.clock.now().getTime();
  }

  /** Notes that the metric has been looked at. */
  noteLooked(metric: Metric): void {
    this.work.change(MetricTable, metric, { dueAt: this.nextLook() });
  }

  private async count(metric: Metric, change: number): Promise<void> {
    const { activeRules = 0, dueAt = 0 } = (await this.work.find(MetricTable, metric)) ?? {};
    // One that nobody watched stands at a moment that is long past.
    const next = dueAt > this.clock.now().getTime() ? dueAt : this.nextLook();
    const due = TIMED.includes(metric) ? next : undefined;
    this.work.put(MetricTable, { metric, activeRules: activeRules + change, dueAt: due });
  }

  private nextLook(): number {
    return this.clock.now().getTime() + LOOK_EVERY;
  }
}

const toRule = ({
  draftedAt,
  activatedAt,
  retiredAt,
  version: _,
  ...state
}: Omit<RuleTable, 'version'> & { version?: number }): Rule =>
  Rule.restore({
    ...state,
    draftedAt: new Date(draftedAt),
    activatedAt: activatedAt ? new Date(activatedAt) : undefined,
    retiredAt: retiredAt ? new Date(retiredAt) : undefined,
  });

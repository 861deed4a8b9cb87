import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import type { Comparison, Metric, ReasonToClear, Subject } from '../alerts.events';
import type { AlertStatus } from '../model/alert';
import { named, shown } from '../model/metric';

/** An alert as the shop shows it; revenue in major units. */
export interface AlertDetails extends Subject {
  readonly id: string;
  readonly ruleId: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly clearAt: number;
  /** With which the threshold was crossed. */
  readonly value: number;
  readonly status: AlertStatus;
  readonly raisedAt: string;
  readonly clearedAt?: string;
  /** With which it has recovered, if that is why it is over. */
  readonly clearedValue?: number;
  readonly reason?: ReasonToClear;
}

/** Alerts, the newest first, one page at a time. */
export class BrowseAlerts extends Query<Page<AlertDetails>> {
  constructor(
    /** Both where it is missing. */
    readonly status: AlertStatus | undefined,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

interface Row {
  id: string;
  ruleId: string;
  metric: Metric;
  comparison: Comparison;
  threshold: number;
  clearAt: number;
  subject: string;
  title: string | null;
  value: number;
  status: AlertStatus;
  raisedAt: string;
  clearedAt: string | null;
  clearedValue: number | null;
  reason: ReasonToClear | null;
}

@QueryHandler(BrowseAlerts)
export class BrowseAlertsHandler implements IQueryHandler<BrowseAlerts> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ status, limit, cursor }: BrowseAlerts): Promise<Page<AlertDetails>> {
    const conditions: [string, string | undefined][] = [
      // Ids are time-ordered, so the last one seen is all that a page needs to know.
      ['id < #', cursor && decodeCursor(cursor, ['string'])[0]],
      ['status = #', status],
    ];
    const given = conditions.filter(([, value]) => value !== undefined);
    const where = given.map(([condition], at) => condition.replace('#', `$${at + 1}`)).join(' AND ');
    const rows = await this.database.all<Row>(
      `SELECT id, rule_id AS "ruleId", metric, comparison, threshold, clear_at AS "clearAt", subject, title, value, status,
              raised_at AS "raisedAt", cleared_at AS "clearedAt", cleared_value AS "clearedValue", reason
         FROM alerts_alert ${where && `WHERE ${where}`} ORDER BY id DESC LIMIT $${given.length + 1}`,
      [...given.map(([, value]) => value!), limit + 1],
    );
    return page(rows.map(toDetails), limit, ({ id }) => [id]);
  }
}

const toDetails = (row: Row): AlertDetails => {
  const { metric, subject } = row;
  return {
    id: row.id,
    ruleId: row.ruleId,
    metric,
    ...named(metric, subject, row.title ?? undefined),
    comparison: row.comparison,
    threshold: shown(metric, subject, row.threshold),
    clearAt: shown(metric, subject, row.clearAt),
    value: shown(metric, subject, row.value),
    status: row.status,
    raisedAt: row.raisedAt,
    clearedAt: row.clearedAt ?? undefined,
    clearedValue: row.clearedValue === null ? undefined : shown(metric, subject, row.clearedValue),
    reason: row.reason ?? undefined,
  };
};

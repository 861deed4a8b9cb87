import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { VersionConflict } from '../../platform/unit-of-work/write-set';
import { Alert } from '../model/alert';
import { AlertTable } from './alert.table';

/** The place of an alert's events in the log. */
export const streamOf = (id: string) => `alerts.alert/${id}`;

@Injectable()
export class AlertRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** @throws Error when there is none: ids come from the table itself */
  async get(id: string): Promise<Alert> {
    const row = await this.work.find(AlertTable, id);
    if (!row) throw new Error(`there is no alert ${id}`);
    const { version, raisedAt, clearedAt, ...state } = row;
    const alert = Alert.restore({
      ...state,
      raisedAt: new Date(raisedAt),
      clearedAt: clearedAt ? new Date(clearedAt) : undefined,
    });
    return this.work.track(alert, streamOf(id), version);
  }

  /** @returns ids of open alerts of a rule, at most so many */
  async openOf(ruleId: string, limit: number): Promise<string[]> {
    const rows = await this.work.query<{ id: string }>(
      `SELECT id FROM alerts_alert WHERE rule_id = $1 AND status = 'open' ORDER BY subject LIMIT $2`,
      [ruleId, limit],
    );
    return rows.map(({ id }) => id);
  }

  async save(alert: Alert): Promise<void> {
    const { raisedAt, clearedAt, ...state } = alert.snapshot();
    const row = { ...state, raisedAt: raisedAt.toISOString(), clearedAt: clearedAt?.toISOString() };
    // Another program has raised it at the same moment: whoever looks again finds it open.
    this.work.save(alert, streamOf(alert.id), AlertTable, row, () => new VersionConflict('alerts_alert'));
  }
}

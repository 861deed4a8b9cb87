import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Comparison, Metric, ReasonToClear } from '../alerts.events';
import type { AlertStatus } from '../model/alert';

@Entity('alerts_alert')
@Index('alerts_alert_open', ['ruleId', 'subject'], { unique: true, where: `status = 'open'` })
@Index('alerts_alert_status', ['status', 'id'])
export class AlertTable {
  @PrimaryColumn('text') id: string;
  @Column('integer') version: number;
  @Column('text') ruleId: string;
  @Column('text') metric: Metric;
  @Column('text') comparison: Comparison;
  @Column('integer') threshold: number;
  @Column('integer') clearAt: number;
  @Column('text') subject: string;
  @Column('text', { nullable: true }) title?: string;
  @Column('integer') value: number;
  @Column('text') status: AlertStatus;
  @Column('text') raisedAt: string;
  @Column('text', { nullable: true }) clearedAt?: string;
  @Column('integer', { nullable: true }) clearedValue?: number;
  @Column('text', { nullable: true }) reason?: ReasonToClear;
}

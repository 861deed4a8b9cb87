import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Comparison, Metric } from '../alerts.events';
import type { RuleStatus } from '../model/rule';

@Entity('alerts_rule')
@Index('alerts_rule_active', ['metric', 'subject'], { where: `status = 'ACTIVE'` })
export class RuleTable {
  @PrimaryColumn('text') id: string;
  @Column('integer') version: number;
  @Column('text') metric: Metric;
  @Column('text') comparison: Comparison;
  @Column('integer') threshold: number;
  @Column('integer') clearAt: number;
  @Column('text') subject: string;
  @Column('text') status: RuleStatus;
  @Column('text') draftedAt: string;
  @Column('text', { nullable: true }) activatedAt?: string;
  @Column('text', { nullable: true }) retiredAt?: string;
}

/** Whether anybody wants to know: read by its key with each event, which costs less than to look for rules. */
@Entity('alerts_metric')
export class MetricTable {
  @PrimaryColumn('text') metric: Metric;
  @Column('integer') activeRules: number;
  /** When it is looked at next, in milliseconds since 1970. Missing where that happens with events alone. */
  @Column('integer', { nullable: true }) dueAt?: number;
}

import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The event log: every event that was ever raised, in the order in which it was committed. Rows never change. */
@Entity('event_log')
@Index('event_log_id', ['id'], { unique: true })
@Index('event_log_stream', ['stream', 'streamVersion'], { unique: true })
@Index('event_log_type', ['type', 'position'])
@Index('event_log_correlation', ['correlationId', 'position'])
export class EventTable {
  @PrimaryColumn('integer') position: number;
  @Column('text') id: string;
  @Column('text') type: string;
  @Column('integer') version: number;
  @Column('text') stream: string;
  @Column('integer') streamVersion: number;
  @Column('text') occurredAt: string;
  @Column('text') correlationId: string;
  @Column('text') causationId: string;
  @Column('text') raisedBy: string;
  @Column('text') actor: string;
  @Column('text', { nullable: true }) traceparent?: string;
  @Column('simple-json') facts: Record<string, unknown>;
}

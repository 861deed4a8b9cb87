import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { NotificationStatus } from '../model/notification';

@Entity('notifications_notification')
@Index('notifications_notification_once', ['eventId', 'recipientEmail', 'kind'], { unique: true })
@Index('notifications_notification_order', ['orderId', 'id'], { where: 'order_id IS NOT NULL' })
export class NotificationTable {
  @PrimaryColumn('text') id: string;
  @Column('integer') version: number;
  @Column('text') eventId: string;
  @Column('text') kind: string;
  @Column('text') recipientName: string;
  @Column('text') recipientEmail: string;
  @Column('text') subject: string;
  @Column('text') text: string;
  @Column('text', { nullable: true }) html?: string;
  @Column('text', { nullable: true }) orderId?: string;
  @Column('integer', { default: 1 }) copy: number;
  @Column('text') status: NotificationStatus;
  @Column('text', { nullable: true }) sentAt?: string;
  @Column('integer') attempts: number;
}

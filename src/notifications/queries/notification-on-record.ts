import type { NotificationStatus } from '../model/notification';
import { messageId } from '../outside/message-id';

/** What was sent to whom, when, and after how many attempts; alone and in lists. */
export interface NotificationOnRecord {
  readonly id: string;
  readonly kind: string;
  readonly orderId?: string;
  /** An email address. */
  readonly recipient: string;
  readonly subject: string;
  /** How often it has been asked for. What follows is about the last copy. */
  readonly copy: number;
  readonly status: NotificationStatus;
  readonly sentAt?: string;
  readonly attempts: number;
  readonly messageId: string;
  readonly eventId: string;
}

export interface NotificationRow {
  id: string;
  kind: string;
  orderId: string | null;
  recipient: string;
  subject: string;
  copy: number;
  status: NotificationStatus;
  sentAt: string | null;
  attempts: number;
  eventId: string;
}

/** What to select from `notifications_notification` for a `NotificationRow`. */
export const NOTIFICATION_COLUMNS = `id, kind, order_id AS "orderId", recipient_email AS "recipient", subject, copy, status,
  sent_at AS "sentAt", attempts, event_id AS "eventId"`;

export const toRecord = ({ orderId, sentAt, ...row }: NotificationRow): NotificationOnRecord => ({
  ...row,
  orderId: orderId ?? undefined,
  sentAt: sentAt ?? undefined,
  messageId: messageId(row.eventId, row.recipient, row.kind, row.copy),
});

import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { messageId } from '../outside/message-id';
import { NotificationStatus } from '../model/notification';

/** What was sent to whom, when, and after how many attempts. */
export interface NotificationOnRecord {
  readonly id: string;
  readonly kind: string;
  readonly orderId?: string;
  /** An email address. */
  readonly recipient: string;
  readonly subject: string;
  readonly status: NotificationStatus;
  readonly sentAt?: string;
  readonly attempts: number;
  readonly messageId: string;
  readonly eventId: string;
}

export interface NotificationFilter {
  readonly orderId?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Notifications in the order of the events that they tell of, one page at a time. */
export class BrowseNotifications extends Query<Page<NotificationOnRecord>> {
  constructor(readonly filter: NotificationFilter) {
    super();
  }
}

interface Row {
  id: string;
  kind: string;
  orderId: string | null;
  recipient: string;
  subject: string;
  status: NotificationStatus;
  sentAt: string | null;
  attempts: number;
  eventId: string;
}

@QueryHandler(BrowseNotifications)
export class BrowseNotificationsHandler implements IQueryHandler<BrowseNotifications> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ filter: { orderId, limit, cursor } }: BrowseNotifications): Promise<Page<NotificationOnRecord>> {
    const conditions: [string, string | undefined][] = [
      // Ids are time-ordered, so the last one seen is all that a page needs to know.
      ['id > #', cursor && decodeCursor(cursor, ['string'])[0]],
      ['order_id = #', orderId],
    ];
    const given = conditions.filter(([, value]) => value !== undefined);
    const where = given.map(([condition], at) => condition.replace('#', `$${at + 1}`)).join(' AND ');
    const rows = await this.database.all<Row>(
      `SELECT id, kind, order_id AS "orderId", recipient_email AS "recipient", subject, status, sent_at AS "sentAt",
              attempts, event_id AS "eventId"
         FROM notifications_notification ${where && `WHERE ${where}`} ORDER BY id LIMIT $${given.length + 1}`,
      [...given.map(([, value]) => value!), limit + 1],
    );
    return page(rows.map(toRecord), limit, ({ id }) => [id]);
  }
}

const toRecord = ({ orderId, sentAt, ...row }: Row): NotificationOnRecord => ({
  ...row,
  orderId: orderId ?? undefined,
  sentAt: sentAt ?? undefined,
  messageId: messageId(row.eventId, row.recipient, row.kind),
});

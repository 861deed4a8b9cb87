import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { NOTIFICATION_COLUMNS, NotificationOnRecord, NotificationRow, toRecord } from './notification-on-record';

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
    const rows = await this.database.all<NotificationRow>(
      `SELECT ${NOTIFICATION_COLUMNS}
         FROM notifications_notification ${where && `WHERE ${where}`} ORDER BY id LIMIT $${given.length + 1}`,
      [...given.map(([, value]) => value!), limit + 1],
    );
    return page(rows.map(toRecord), limit, ({ id }) => [id]);
  }
}

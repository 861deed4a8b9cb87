import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { NotificationNotFound } from '../model/notifications.errors';
import { NOTIFICATION_COLUMNS, NotificationOnRecord, NotificationRow, toRecord } from './notification-on-record';

export class FindNotification extends Query<NotificationOnRecord> {
  constructor(readonly notificationId: string) {
    super();
  }
}

@QueryHandler(FindNotification)
export class FindNotificationHandler implements IQueryHandler<FindNotification> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws NotificationNotFound */
  async execute({ notificationId }: FindNotification): Promise<NotificationOnRecord> {
    const row = await this.database.first<NotificationRow>(
      `SELECT ${NOTIFICATION_COLUMNS} FROM notifications_notification WHERE id = $1`,
      [notificationId],
    );
    if (!row) throw new NotificationNotFound(notificationId);
    return toRecord(row);
  }
}

import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { Notification } from '../model/notification';
import { NotificationNotFound } from '../model/notifications.errors';
import { NotificationTable } from './notification.table';

/** The place of a letter's events in the log. */
export const streamOf = (id: string) => `notifications.notification/${id}`;

@Injectable()
export class NotificationRepository {
  constructor(private readonly work: UnitOfWork) {}

  async find(id: string): Promise<Notification | undefined> {
    const row = await this.work.find(NotificationTable, id);
    return row && this.work.track(toNotification(row), streamOf(id), row.version);
  }

  /** @throws NotificationNotFound */
  async get(id: string): Promise<Notification> {
    const notification = await this.find(id);
    if (!notification) throw new NotificationNotFound(id);
    return notification;
  }

  async save(notification: Notification): Promise<void> {
    const { recipient, sentAt, ...state } = notification.snapshot();
    const row = {
      ...state,
      recipientName: recipient.name,
      recipientEmail: recipient.email,
      sentAt: sentAt?.toISOString(),
    };
    this.work.save(notification, streamOf(notification.id), NotificationTable, row);
  }
}

const toNotification = ({
  recipientName,
  recipientEmail,
  sentAt,
  version: _,
  ...state
}: NotificationTable): Notification =>
  Notification.restore({
    ...state,
    recipient: { name: recipientName, email: recipientEmail },
    sentAt: sentAt ? new Date(sentAt) : undefined,
  });

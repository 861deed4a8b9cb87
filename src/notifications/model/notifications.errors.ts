import { NotFound } from '../../kernel/domain-error';

/** No notification has this id. */
export class NotificationNotFound extends NotFound {
  constructor(notificationId: string) {
    super('notification-not-found', `there is no notification ${notificationId}`, { notificationId });
  }
}

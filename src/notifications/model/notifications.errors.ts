import { NotFound, Refused } from '../../kernel/domain-error';

/** No notification has this id. */
export class NotificationNotFound extends NotFound {
  constructor(notificationId: string) {
    super('notification-not-found', `there is no notification ${notificationId}`, { notificationId });
  }
}

/** A letter that has not gone out cannot go out again. */
export class NotificationNotSent extends Refused {
  constructor(notificationId: string, status: string) {
    super('notification-not-sent', `notification ${notificationId} cannot be sent again: it is ${status}`, { status });
  }
}

/** A letter to somebody has been written, or is to go out again, and waits to be sent. */
export class NotificationRequested {
  static readonly type = 'notifications.notification-requested';
  readonly notificationId: string;
  readonly kind: string;
  /** An email address. */
  readonly recipient: string;
  readonly orderId?: string;
  /** 1 when it goes out for the first time, 2 when it is sent again, and so on. Events of before have none: it is 1. */
  readonly copy?: number;

  constructor(facts: NotificationRequested) {
    Object.assign(this, facts);
  }
}

/** A letter has been handed to the mail. */
export class NotificationSent {
  static readonly type = 'notifications.notification-sent';
  readonly notificationId: string;
  readonly kind: string;
  /** An email address. */
  readonly recipient: string;
  readonly orderId?: string;
  /** As in `NotificationRequested`. */
  readonly copy?: number;

  constructor(facts: NotificationSent) {
    Object.assign(this, facts);
  }
}

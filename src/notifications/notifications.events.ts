/** A letter to somebody has been written and waits to be sent. */
export class NotificationRequested {
  static readonly type = 'notifications.notification-requested';
  readonly notificationId: string;
  readonly kind: string;
  /** An email address. */
  readonly recipient: string;
  readonly orderId?: string;

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

  constructor(facts: NotificationSent) {
    Object.assign(this, facts);
  }
}

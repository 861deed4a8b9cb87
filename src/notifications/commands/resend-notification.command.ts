import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { NotificationRepository } from '../persistence/notification.repository';

/** Sends a letter once more that has been sent: the customer cannot find it. */
export class ResendNotification {
  constructor(readonly notificationId: string) {}
}

@CommandHandler(ResendNotification)
export class ResendNotificationHandler implements ICommandHandler<ResendNotification> {
  constructor(private readonly notifications: NotificationRepository) {}

  async execute({ notificationId }: ResendNotification): Promise<void> {
    const notification = await this.notifications.get(notificationId);
    notification.resend();
    await this.notifications.save(notification);
    notification.commit();
  }
}

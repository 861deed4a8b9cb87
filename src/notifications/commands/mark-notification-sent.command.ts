import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { NotificationRepository } from '../persistence/notification.repository';

/** Notes that the mail has taken a copy of a letter. */
export class MarkNotificationSent {
  constructor(
    readonly notificationId: string,
    readonly copy: number,
  ) {}
}

@CommandHandler(MarkNotificationSent)
export class MarkNotificationSentHandler implements ICommandHandler<MarkNotificationSent> {
  constructor(
    private readonly notifications: NotificationRepository,
    private readonly clock: Clock,
  ) {}

  async execute({ notificationId, copy }: MarkNotificationSent): Promise<void> {
    const notification = await this.notifications.get(notificationId);
    if (notification.isSent(copy)) return;
    notification.markSent(copy, this.clock.now());
    await this.notifications.save(notification);
    notification.commit();
  }
}

import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { NotificationRepository } from '../persistence/notification.repository';

/** Notes that the mail is about to be given a letter. */
export class NoteAttempt {
  constructor(readonly notificationId: string) {}
}

@CommandHandler(NoteAttempt)
export class NoteAttemptHandler implements ICommandHandler<NoteAttempt> {
  constructor(private readonly notifications: NotificationRepository) {}

  async execute({ notificationId }: NoteAttempt): Promise<void> {
    const notification = await this.notifications.get(notificationId);
    notification.noteAttempt();
    await this.notifications.save(notification);
    notification.commit();
  }
}

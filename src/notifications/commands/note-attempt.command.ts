import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import type { NotificationState } from '../model/notification';
import { NotificationRepository } from '../persistence/notification.repository';

/** Notes that the mail is about to be given a copy of a letter. Answers the letter, or nothing when that copy was sent. */
export class NoteAttempt extends Command<NotificationState | undefined> {
  constructor(
    readonly notificationId: string,
    readonly copy: number,
  ) {
    super();
  }
}

@CommandHandler(NoteAttempt)
export class NoteAttemptHandler implements ICommandHandler<NoteAttempt> {
  constructor(private readonly notifications: NotificationRepository) {}

  async execute({ notificationId, copy }: NoteAttempt): Promise<NotificationState | undefined> {
    const notification = await this.notifications.get(notificationId);
    if (notification.isSent(copy)) return undefined;
    notification.noteAttempt();
    await this.notifications.save(notification);
    notification.commit();
    return notification.snapshot();
  }
}

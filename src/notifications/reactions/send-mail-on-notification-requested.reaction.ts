import { CommandBus, IEventHandler } from '@nestjs/cqrs';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { MarkNotificationSent } from '../commands/mark-notification-sent.command';
import { NoteAttempt } from '../commands/note-attempt.command';
import { Mailer } from '../outside/mailer';
import { messageId } from '../outside/message-id';
import { NotificationRequested } from '../notifications.events';
import { NotificationRepository } from '../persistence/notification.repository';

/**
 * Hands a letter to the mail, at least once. Should the program end between that and noting it, the letter goes out
 * again under the same Message-ID.
 */
@Reaction(NotificationRequested, 'notifications.send-mail', { effects: 'external' })
export class SendMailOnNotificationRequested implements IEventHandler<NotificationRequested> {
  constructor(
    private readonly notifications: NotificationRepository,
    private readonly mailer: Mailer,
    private readonly commands: CommandBus,
  ) {}

  async handle({ notificationId, copy: asked = 1 }: NotificationRequested): Promise<void> {
    const letter = (await this.notifications.get(notificationId)).snapshot();
    const { eventId, kind, recipient, copy, status, subject, text, html } = letter;
    if (copy > asked || status === 'SENT') return;

    await this.commands.execute(new NoteAttempt(notificationId));
    const mail = { messageId: messageId(eventId, recipient.email, kind, copy), to: recipient, subject, text, html };
    await this.mailer.send(mail);
    await this.commands.execute(new MarkNotificationSent(notificationId));
  }
}

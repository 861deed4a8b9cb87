import { CommandBus, IEventHandler } from '@nestjs/cqrs';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { MarkNotificationSent } from '../commands/mark-notification-sent.command';
import { NoteAttempt } from '../commands/note-attempt.command';
import { Mailer } from '../outside/mailer';
import { messageId } from '../outside/message-id';
import { NotificationRequested } from '../notifications.events';

/**
 * Hands a letter to the mail, at least once. Should the program end between that and noting it, the letter goes out
 * again under the same Message-ID.
 */
@Reaction(NotificationRequested, 'notifications.send-mail', { effects: 'external' })
export class SendMailOnNotificationRequested implements IEventHandler<NotificationRequested> {
  constructor(
    private readonly mailer: Mailer,
    private readonly commands: CommandBus,
  ) {}

  async handle({ notificationId, copy = 1 }: NotificationRequested): Promise<void> {
    const letter = await this.commands.execute(new NoteAttempt(notificationId, copy));
    if (!letter) return;
    const { eventId, recipient, kind, subject, text, html } = letter;
    const mail = { messageId: messageId(eventId, recipient.email, kind, copy), to: recipient, subject, text, html };
    await this.mailer.send(mail);
    await this.commands.execute(new MarkNotificationSent(notificationId, copy));
  }
}

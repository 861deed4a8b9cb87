import { AggregateRoot } from '@nestjs/cqrs';
import { Invalid } from '../../kernel/domain-error';
import { NotificationRequested, NotificationSent } from '../notifications.events';
import { NotificationNotSent } from './notifications.errors';

export type NotificationStatus = 'PENDING' | 'SENT';

/** Whom a letter is for. */
export interface Recipient {
  /** Empty where only the address is known. */
  readonly name: string;
  readonly email: string;
}

/** A notification as it is stored. There is one for each event, recipient and kind. */
export interface NotificationState {
  readonly id: string;
  /** The event that it tells of. */
  readonly eventId: string;
  /** What it tells: "order-placed". */
  readonly kind: string;
  readonly recipient: Recipient;
  readonly subject: string;
  readonly text: string;
  /** The same in HTML. Letters of before there was any have none. */
  readonly html?: string;
  readonly orderId?: string;
  /** How often it has been asked for: 1 when it was written, and one more each time that it is sent again. */
  readonly copy: number;
  /** Of the last copy, as are the time and the attempts. */
  readonly status: NotificationStatus;
  readonly sentAt?: Date;
  /** How often the mail has been given the letter, until it took it. */
  readonly attempts: number;
}

/** A letter to somebody about something that happened. */
export class Notification extends AggregateRoot {
  readonly id: string;

  private constructor(private state: NotificationState) {
    super();
    this.id = state.id;
  }

  /** Writes the letter. It is sent later, by whoever hears of that. */
  static write(letter: Omit<NotificationState, 'copy' | 'status' | 'sentAt' | 'attempts'>): Notification {
    if (/[\r\n]/.test(letter.subject)) {
      throw new Invalid(
        'subject-has-lines',
        'subject',
        'must be a single line, as a second one would be a mail header',
      );
    }
    const notification = new Notification({ ...letter, copy: 1, status: 'PENDING', attempts: 0 });
    notification.apply(new NotificationRequested(notification.facts()));
    return notification;
  }

  static restore(state: NotificationState): Notification {
    return new Notification(state);
  }

  /**
   * Asks for the letter to go out once more, to the same person and with the same words.
   *
   * @throws NotificationNotSent while it has still to go out as it is
   */
  resend(): void {
    const { status, copy } = this.state;
    if (status !== 'SENT') throw new NotificationNotSent(this.id, status);
    this.state = { ...this.state, copy: copy + 1, status: 'PENDING', sentAt: undefined, attempts: 0 };
    this.apply(new NotificationRequested(this.facts()));
  }

  /** Whether the mail has taken this copy. */
  isSent(copy: number): boolean {
    return this.state.copy > copy || this.state.status === 'SENT';
  }

  /**
   * Notes that the mail is about to be given the letter. Each attempt is counted before it is made, so one that nobody
   * saw the end of is on record too.
   */
  noteAttempt(): void {
    if (this.state.status === 'SENT') return;
    this.state = { ...this.state, attempts: this.state.attempts + 1 };
  }

  /**
   * Notes that the mail has taken a copy of the letter. Doing so again changes nothing: mail is handed over at least once, and the
   * first time is the one that counts. Nor does it say anything of the next copy, however late it is heard.
   */
  markSent(copy: number, at: Date): void {
    if (this.isSent(copy)) return;
    this.state = { ...this.state, status: 'SENT', sentAt: at };
    this.apply(new NotificationSent(this.facts()));
  }

  snapshot(): NotificationState {
    return this.state;
  }

  private facts() {
    const { id, kind, recipient, orderId, copy } = this.state;
    return { notificationId: id, kind, recipient: recipient.email, orderId, copy };
  }
}

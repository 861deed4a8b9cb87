import { IEventHandler } from '@nestjs/cqrs';
import { AlertCleared, AlertRaised } from '../../alerts/alerts.events';
import { envelopeOf } from '../../platform/event-log/envelope';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { alertClearedLetter, alertRaisedLetter } from '../model/alert-letters';
import { Notification } from '../model/notification';
import { StaffAddress } from '../notifications.settings';
import { notificationId } from '../persistence/notification-id';
import { NotificationRepository } from '../persistence/notification.repository';

/** Writes to staff when an alert is raised, and when it is over. Who has retired a rule knows that its alerts are. */
@Reaction([AlertRaised, AlertCleared], 'notifications.write-to-staff')
export class WriteToStaffOnAlert implements IEventHandler<object> {
  constructor(
    private readonly notifications: NotificationRepository,
    private readonly staff: StaffAddress,
  ) {}

  async handle(event: AlertRaised | AlertCleared): Promise<void> {
    const isRaised = event instanceof AlertRaised;
    if (!isRaised && event.reason === 'rule-retired') return;
    const kind = isRaised ? 'alert-raised' : 'alert-cleared';
    const letter = isRaised ? alertRaisedLetter(event) : alertClearedLetter(event);
    const recipient = { name: 'Staff', email: this.staff.email };
    const eventId = envelopeOf(event).id;
    const id = notificationId(eventId, recipient.email, kind);
    if (await this.notifications.find(id)) return;

    const notification = Notification.write({ id, eventId, kind, recipient, ...letter });
    await this.notifications.save(notification);
    notification.commit();
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { AlertCleared, AlertRaised } from '../../alerts/alerts.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { alertClearedLetter, alertRaisedLetter } from '../model/alert-letters';
import { Letter } from '../model/letter';
import { StaffAddress } from '../notifications.settings';
import { NotificationRepository } from '../persistence/notification.repository';
import { writeOnce } from './write-once';

/** Writes to staff when an alert is raised, and when it is over. Who has retired a rule knows that its alerts are. */
@Reaction([AlertRaised, AlertCleared], 'notifications.write-to-staff')
export class WriteToStaffOnAlert implements IEventHandler<object> {
  constructor(
    private readonly notifications: NotificationRepository,
    private readonly staff: StaffAddress,
  ) {}

  async handle(event: AlertRaised | AlertCleared): Promise<void> {
    if (event instanceof AlertRaised) return this.write('alert-raised', alertRaisedLetter(event), event);
    if (event.reason !== 'rule-retired') return this.write('alert-cleared', alertClearedLetter(event), event);
  }

  private write(kind: string, letter: Letter, event: object): Promise<void> {
    const recipient = { name: 'Staff', email: this.staff.email };
    return writeOnce(this.notifications, event, { kind, letter, recipient });
  }
}

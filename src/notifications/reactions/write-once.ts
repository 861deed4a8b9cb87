import { envelopeOf } from '../../platform/event-log/envelope';
import { Letter } from '../model/letter';
import { Notification, Recipient } from '../model/notification';
import { notificationId } from '../persistence/notification-id';
import { NotificationRepository } from '../persistence/notification.repository';

/** Writes a letter that tells somebody of an event, unless it is written: each kind once for an event and a person. */
export async function writeOnce(
  notifications: NotificationRepository,
  event: object,
  { letter, ...about }: { letter: Letter; kind: string; recipient: Recipient; orderId?: string },
): Promise<void> {
  const eventId = envelopeOf(event).id;
  const id = notificationId(eventId, about.recipient.email, about.kind);
  if (await notifications.find(id)) return;

  const notification = Notification.write({ id, eventId, ...about, ...letter });
  await notifications.save(notification);
  notification.commit();
}

import { createHash } from 'node:crypto';

/**
 * The id of the notification that tells this person of this event. It is always the same one, so that whoever is given
 * the event a second time finds the notification written. It begins as the event's own id does, a UUIDv7, so
 * notifications stand in the order of their events.
 */
export function notificationId(eventId: string, recipientEmail: string, kind: string): string {
  const notification = JSON.stringify([eventId, recipientEmail, kind]);
  const node = createHash('sha256').update(notification).digest('hex').slice(0, 12);
  return eventId.slice(0, -node.length) + node;
}

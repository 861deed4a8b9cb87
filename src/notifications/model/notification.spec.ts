import { NotificationRequested, NotificationSent } from '../notifications.events';
import { Notification } from './notification';

const letter = {
  id: 'n1',
  eventId: 'e1',
  kind: 'order-placed',
  recipient: { name: 'Alice Johnson', email: 'alice@example.com' },
  subject: 'Thank you for your order (42)',
  text: 'Dear Alice Johnson, ...',
  html: '<p>Dear Alice Johnson, ...</p>',
  orderId: '42',
};
const facts = { notificationId: 'n1', kind: 'order-placed', recipient: 'alice@example.com', orderId: '42' };

describe('A notification', () => {
  it('is written first, and waits to be sent', () => {
    const notification = Notification.write(letter);
    expect(notification.id).toBe('n1');
    expect(notification.snapshot()).toEqual({ ...letter, status: 'PENDING', attempts: 0 });
    expect(notification.getUncommittedEvents()).toEqual([new NotificationRequested(facts)]);
  });

  it('is sent once, after so many attempts, and a second time changes nothing', () => {
    const notification = Notification.restore(Notification.write(letter).snapshot());
    notification.noteAttempt();
    notification.noteAttempt();
    notification.markSent(new Date('2026-01-05T10:00:01Z'));
    notification.noteAttempt();
    notification.markSent(new Date('2026-01-05T11:00:00Z'));

    expect(notification.snapshot()).toMatchObject({
      status: 'SENT',
      sentAt: new Date('2026-01-05T10:00:01Z'),
      attempts: 2,
    });
    expect(notification.getUncommittedEvents()).toEqual([new NotificationSent(facts)]);
  });

  it.each(['Hello\nBcc: eve@example.com', 'Hello\rBcc: eve@example.com'])(
    'has no subject that is a mail header as well: %j',
    (subject) => {
      expect(() => Notification.write({ ...letter, subject })).toThrow('subject must be a single line');
    },
  );
});

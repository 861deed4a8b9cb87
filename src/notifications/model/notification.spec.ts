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
const facts = { notificationId: 'n1', kind: 'order-placed', recipient: 'alice@example.com', orderId: '42', copy: 1 };

describe('A notification', () => {
  it('is written first, and waits to be sent', () => {
    const notification = Notification.write(letter);
    expect(notification.id).toBe('n1');
    expect(notification.snapshot()).toEqual({ ...letter, copy: 1, status: 'PENDING', attempts: 0 });
    expect(notification.getUncommittedEvents()).toEqual([new NotificationRequested(facts)]);
  });

  it('is sent once, after so many attempts, and a second time changes nothing', () => {
    const notification = Notification.restore(Notification.write(letter).snapshot());
    notification.noteAttempt();
    notification.noteAttempt();
    notification.markSent(1, new Date('2026-01-05T10:00:01Z'));
    notification.noteAttempt();
    notification.markSent(1, new Date('2026-01-05T11:00:00Z'));

    expect(notification.snapshot()).toMatchObject({
      status: 'SENT',
      sentAt: new Date('2026-01-05T10:00:01Z'),
      attempts: 2,
    });
    expect(notification.getUncommittedEvents()).toEqual([new NotificationSent(facts)]);
  });

  it('that was sent may be sent again, as another copy with attempts of its own', () => {
    const notification = Notification.restore(Notification.write(letter).snapshot());
    notification.noteAttempt();
    notification.markSent(1, new Date('2026-01-05T10:00:01Z'));
    notification.uncommit();
    notification.resend();
    expect(notification.snapshot()).toEqual({ ...letter, copy: 2, status: 'PENDING', sentAt: undefined, attempts: 0 });
    notification.noteAttempt();
    notification.markSent(1, new Date('2026-01-07T08:00:00Z'));
    expect(notification.snapshot()).toMatchObject({ copy: 2, status: 'PENDING' });
    notification.markSent(2, new Date('2026-01-07T09:00:00Z'));

    expect(notification.snapshot()).toMatchObject({ copy: 2, status: 'SENT', attempts: 1 });
    expect(notification.getUncommittedEvents()).toEqual([
      new NotificationRequested({ ...facts, copy: 2 }),
      new NotificationSent({ ...facts, copy: 2 }),
    ]);
  });

  it('that has still to go out is not sent again', () => {
    const notification = Notification.write(letter);
    expect(() => notification.resend()).toThrow('notification n1 cannot be sent again: it is PENDING');
    notification.markSent(1, new Date('2026-01-05T10:00:01Z'));
    notification.resend();
    expect(() => notification.resend()).toThrow('notification n1 cannot be sent again: it is PENDING');
  });

  it.each(['Hello\nBcc: eve@example.com', 'Hello\rBcc: eve@example.com'])(
    'has no subject that is a mail header as well: %j',
    (subject) => {
      expect(() => Notification.write({ ...letter, subject })).toThrow('subject must be a single line');
    },
  );
});

import { newId } from '../../kernel/ids';
import { notificationId } from './notification-id';

describe('The id of a notification', () => {
  const event = newId();

  it('is always the same for the same event, person and kind', () => {
    const id = notificationId(event, 'alice@example.com', 'order-placed');
    expect(notificationId(event, 'alice@example.com', 'order-placed')).toBe(id);
  });

  it('is another one for another event, person or kind', () => {
    const ids = [
      notificationId(event, 'alice@example.com', 'order-placed'),
      notificationId(newId(), 'alice@example.com', 'order-placed'),
      notificationId(event, 'bob@example.com', 'order-placed'),
      notificationId(event, 'alice@example.com', 'order-shipped'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is a UUIDv7 with the time of the event', () => {
    const id = notificationId(event, 'alice@example.com', 'order-placed');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id.slice(0, 13)).toBe(event.slice(0, 13));
  });
});

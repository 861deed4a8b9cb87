import { messageId } from './message-id';

describe('The Message-ID of a letter', () => {
  it('is always the same for the same letter', () => {
    expect(messageId('e1', 'alice@example.com', 'order-placed')).toBe(
      messageId('e1', 'alice@example.com', 'order-placed'),
    );
  });

  it('is as mail servers want it', () => {
    expect(messageId('e1', 'alice@example.com', 'order-placed')).toMatch(/^<[0-9a-f]{32}@bookshelf>$/);
  });

  it('is another one for another event, person or kind, wherever one ends and the next begins', () => {
    const ids = [
      messageId('e1', 'alice@example.com', 'order-placed'),
      messageId('e2', 'alice@example.com', 'order-placed'),
      messageId('e1', 'bob@example.com', 'order-placed'),
      messageId('e1', 'alice@example.com', 'order-shipped'),
      messageId('e', '1alice@example.com', 'order-placed'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

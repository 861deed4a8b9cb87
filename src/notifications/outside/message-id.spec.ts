import { messageId } from './message-id';

describe('The Message-ID of a letter', () => {
  it('is always the same for the same letter', () => {
    expect(messageId('e1', 'alice@example.com', 'order-placed', 1)).toBe(
      messageId('e1', 'alice@example.com', 'order-placed', 1),
    );
  });

  it('is as mail servers want it', () => {
    expect(messageId('e1', 'alice@example.com', 'order-placed', 1)).toMatch(/^<[0-9a-f]{32}@bookshelf>$/);
  });

  it('is another one for another event, person, kind or copy, wherever one ends and the next begins', () => {
    const ids = [
      messageId('e1', 'alice@example.com', 'order-placed', 1),
      messageId('e2', 'alice@example.com', 'order-placed', 1),
      messageId('e1', 'bob@example.com', 'order-placed', 1),
      messageId('e1', 'alice@example.com', 'order-shipped', 1),
      messageId('e', '1alice@example.com', 'order-placed', 1),
      messageId('e1', 'alice@example.com', 'order-placed', 2),
      messageId('e1', 'alice@example.com', 'order-placed', 3),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('stays what it was before there were copies', () => {
    expect(messageId('e1', 'alice@example.com', 'order-placed', 1)).toBe(
      '<9e9a4c61968d5ceda243fef3ec3a0ba0@bookshelf>',
    );
  });
});

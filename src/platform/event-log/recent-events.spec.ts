import { RecentEvents } from './recent-events';

const ADDED = 'catalog.book-added';
const REVISED = 'catalog.book-revised';

const raised = (position: number, type = ADDED, event: object = { bookId: `book-${position}`, isbn: undefined }) => ({
  event,
  envelope: {
    position,
    type,
    id: `event-${position}`,
    version: 1,
    stream: `catalog.book/${position}`,
    streamVersion: 1,
    occurredAt: '2026-01-01T00:00:00.000Z',
    correlationId: 'correlation',
    causationId: 'command',
    raisedBy: 'AddBook',
    actor: 'anonymous',
  },
});

const positions = (found: { position: number }[] | undefined) => found?.map(({ position }) => position);

describe('The events that this process has stored last', () => {
  let recent: RecentEvents;
  beforeEach(() => (recent = new RecentEvents()));

  it('are given as they would be read from the log', () => {
    recent.remember([raised(1)]);
    const [{ facts, ...envelope }] = recent.after(0, [ADDED], 10, 1)!;
    expect(envelope).toEqual(raised(1).envelope);
    // Nothing of a class, and nothing undefined: a reaction must not see the difference.
    expect(facts).toStrictEqual({ bookId: 'book-1' });
  });

  it('are those of the wanted types after a position, oldest first and no more than wanted', () => {
    recent.remember([raised(1), raised(2, REVISED), raised(3)]);
    recent.remember([raised(4), raised(5)]);
    expect(positions(recent.after(1, [ADDED], 10, 5))).toEqual([3, 4, 5]);
    expect(positions(recent.after(0, [ADDED, REVISED], 3, 5))).toEqual([1, 2, 3]);
    expect(positions(recent.after(0, [ADDED, REVISED], 10, 5, { [ADDED]: 3 }))).toEqual([2, 4, 5]);
    expect(recent.after(5, [ADDED], 10, 5)).toEqual([]);
  });

  it('are not asked for what was stored before them', () => {
    expect(recent.after(0, [ADDED], 10, 6)).toBeUndefined();
    recent.remember([raised(7)]);
    expect(recent.after(5, [ADDED], 10, 7)).toBeUndefined();
    expect(positions(recent.after(6, [ADDED], 10, 7))).toEqual([7]);
  });

  it('are not taken for the end of the log when another process has written since', () => {
    recent.remember([raised(1)]);
    expect(recent.after(0, [ADDED], 10, 2)).toBeUndefined();
  });

  it('are forgotten when another process has written in between', () => {
    recent.remember([raised(1)]);
    recent.remember([raised(3)]);
    expect(recent.after(0, [ADDED], 10, 3)).toBeUndefined();
    expect(positions(recent.after(2, [ADDED], 10, 3))).toEqual([3]);
  });

  it('are so many and no more, however long the process lives', () => {
    for (let position = 1; position <= 10_000; position++) recent.remember([raised(position)]);
    expect(recent.after(5_000, [ADDED], 1, 10_000)).toBeUndefined();
    expect(positions(recent.after(9_000, [ADDED], 10_000, 10_000))).toHaveLength(1_000);
  });
});

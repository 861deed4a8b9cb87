import { JoinedWaitingList, LeftWaitingList, WaitEnded } from '../waiting-list.events';
import { Subscription, Wait } from './subscription';

const person = { id: 's1', bookId: 'b1', email: 'alice@example.com' };
const facts = { subscriptionId: 's1', bookId: 'b1', email: 'alice@example.com' };
const wait = (call: number, what: Wait['for'] = 'back-in-stock'): Wait => ({
  for: what,
  call,
  since: new Date(Date.UTC(2026, 0, call)),
});
const joined = (waitsFor: Wait['for']) => new JoinedWaitingList({ ...facts, waitsFor });
const ended = (why: WaitEnded['why']) => new WaitEnded({ ...facts, title: 'Emma', why });

describe('A subscription', () => {
  let subscription: Subscription;
  beforeEach(() => {
    subscription = Subscription.of(person);
    subscription.join(wait(1, 'published'), 'Emma');
  });
  const raised = () => subscription.getUncommittedEvents();

  it('waits from the day it was first asked for', () => {
    subscription.join({ ...wait(1, 'published'), since: new Date() }, 'Emma');
    expect(raised()).toEqual([joined('published')]);
    expect(subscription.snapshot()).toEqual({ ...person, wait: wait(1, 'published') });
  });

  it('ends once, and may be begun again', () => {
    subscription.end('published', 'Emma');
    subscription.end('published', 'Emma');
    expect(subscription.snapshot()).toEqual(person);
    subscription.join(wait(2), 'Emma');
    expect(raised()).toEqual([joined('published'), ended('published'), joined('back-in-stock')]);
  });

  it('is not ended for whoever has left, who leaves once', () => {
    subscription.leave();
    subscription.leave();
    subscription.end('published', 'Emma');
    expect(raised()).toEqual([joined('published'), new LeftWaitingList(facts)]);
    expect(subscription.snapshot()).toEqual(person);
  });

  it('is over for whoever waits for something new before they were told of the old', () => {
    subscription.join(wait(2), 'Emma');
    expect(raised()).toEqual([joined('published'), ended('published'), joined('back-in-stock')]);
    expect(subscription.snapshot()).toEqual({ ...person, wait: wait(2) });
  });
});

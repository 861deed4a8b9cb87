import { WaitersCalled } from '../waiting-list.events';
import { AwaitedBook } from './awaited-book';
import { NothingToWaitFor, WaitedInVain } from './waiting-list.errors';

const called = (call: number, why: WaitersCalled['why']) =>
  new WaitersCalled({ bookId: 'b1', title: 'Emma', call, why });

describe('A book that may be waited for', () => {
  let book: AwaitedBook;
  beforeEach(() => (book = AwaitedBook.called('Emma', 'b1')));
  const raised = () => book.getUncommittedEvents();

  it('is waited for until it comes out, whether there are copies of it or not', () => {
    expect(book.admit()).toEqual({ for: 'published', call: 1 });
    book.replenish();
    expect(book.admit()).toEqual({ for: 'published', call: 1 });
    book.runOut();
    expect(book.admit()).toEqual({ for: 'published', call: 1 });
    expect(raised()).toEqual([]);
    book.bringOut();
    expect(raised()).toEqual([called(1, 'published')]);
  });

  it('is waited for when it is out and out of stock, and by nobody when it can be bought', () => {
    book.bringOut();
    expect(book.admit()).toEqual({ for: 'back-in-stock', call: 1 });
    book.replenish();
    expect(raised()).toEqual([called(1, 'back-in-stock')]);
    expect(() => book.admit()).toThrow(NothingToWaitFor);
    book.runOut();
    expect(book.admit()).toEqual({ for: 'back-in-stock', call: 2 });
  });

  it('is never waited for when it is withdrawn, and those who wait are let go', () => {
    book.admit();
    book.withdraw();
    expect(raised()).toEqual([called(1, 'withdrawn')]);
    expect(() => book.admit()).toThrow(WaitedInVain);
    book.replenish();
    expect(raised()).toHaveLength(1);
  });

  it('calls nobody when nobody has joined since the last call', () => {
    book.bringOut();
    book.replenish();
    book.withdraw();
    expect(raised()).toEqual([]);
  });

  it('goes on with a call that it has begun, under the title that it has now', () => {
    book.admit();
    book.bringOut();
    book.retitle('Emma, revised');
    book.goOnCalling({ call: 1, why: 'published' });
    expect(raised()).toEqual([called(1, 'published'), { ...called(1, 'published'), title: 'Emma, revised' }]);
    expect(book.admit().call).toBe(2);
  });
});

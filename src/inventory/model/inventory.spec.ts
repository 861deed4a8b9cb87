import * as fc from 'fast-check';
import { DomainError } from '../../kernel/domain-error';
import {
  StockAdjusted,
  StockOpened,
  StockRanLow,
  StockRanOut,
  StockReceived,
  StockReleased,
  StockReplenished,
  StockReserved,
  StockReturned,
  StockShipped,
} from '../inventory.events';
import { Inventory, MOST_COPIES } from './inventory';
import { OutOfStock } from './inventory.errors';

const bookId = '42';
const title = 'The Great Gatsby';

const stockOf = (quantity: number, reserved = 0): Inventory => Inventory.restore({ bookId, title, quantity, reserved });

describe('Opening a stock', () => {
  it('counts the first copies and tells that the book can be bought', () => {
    const stock = Inventory.open({ bookId, title, quantity: 10 });
    expect(stock.id).toBe(bookId);
    expect(stock.snapshot()).toEqual({ bookId, title, quantity: 10, reserved: 0 });
    expect(stock.movements).toEqual([{ kind: 'opened', quantity: 10, reserved: 0, cause: {} }]);
    expect(stock.getUncommittedEvents()).toEqual([
      new StockOpened({ bookId, title, quantity: 10, reserved: 0, available: 10 }),
      new StockReplenished({ bookId, title, available: 10 }),
    ]);
  });

  it('without copies is possible, and then nothing can be bought yet', () => {
    const stock = Inventory.open({ bookId, title, quantity: 0 });
    expect(stock.getUncommittedEvents()).toEqual([
      new StockOpened({ bookId, title, quantity: 0, reserved: 0, available: 0 }),
    ]);
  });
});

describe('Adjusting a stock', () => {
  it('corrects the quantity and says why', () => {
    const stock = stockOf(10, 4);
    stock.adjust(-1, ' water damage ');
    expect(stock.snapshot()).toEqual({ bookId, title, quantity: 9, reserved: 4 });
    expect(stock.movements).toEqual([
      { kind: 'adjusted', quantity: -1, reserved: 0, cause: { reason: 'water damage' } },
    ]);
    expect(stock.getUncommittedEvents()).toEqual([
      new StockAdjusted({ bookId, amount: -1, reason: 'water damage', quantity: 9, reserved: 4, available: 5 }),
    ]);
  });

  it('never takes copies that are reserved', () => {
    expect(() => stockOf(10, 4).adjust(-7, 'lost')).toThrow(
      expect.objectContaining({
        code: 'stock-below-reserved',
        message: 'stock of book 42 cannot be adjusted by -7: there are 10 copies, 4 of them reserved',
      }),
    );
    expect(() => stockOf(10, 4).adjust(-6, 'lost')).not.toThrow();
  });

  it('needs an amount and a reason', () => {
    expect(() => stockOf(10).adjust(0, 'lost')).toThrow('amount must not be 0');
    expect(() => stockOf(10).adjust(1, ' ')).toThrow('reason must not be empty');
  });
});

describe('A stock', () => {
  it('receives copies', () => {
    const stock = stockOf(5, 2);
    stock.receive(20);
    expect(stock.movements).toEqual([{ kind: 'received', quantity: 20, reserved: 0, cause: {} }]);
    expect(stock.getUncommittedEvents()).toEqual([
      new StockReceived({ bookId, amount: 20, quantity: 25, reserved: 2, available: 23 }),
    ]);
  });

  it('sets copies aside for an order', () => {
    const stock = stockOf(10);
    stock.reserve('o1', 2);
    expect(stock.available).toBe(8);
    expect(stock.movements).toEqual([{ kind: 'reserved', quantity: 0, reserved: 2, cause: { orderId: 'o1' } }]);
    expect(stock.getUncommittedEvents()).toEqual([
      new StockReserved({ bookId, orderId: 'o1', count: 2, available: 8 }),
    ]);
  });

  it('sets aside nothing when it has not enough, and names what is missing', () => {
    const stock = stockOf(10, 8);
    expect(stock.canReserve(2)).toBe(true);
    expect(stock.canReserve(3)).toBe(false);
    expect(() => stock.reserve('o1', 3)).toThrow(
      expect.objectContaining({
        code: 'out-of-stock',
        message: 'not enough copies of "The Great Gatsby" (3 wanted, 2 available)',
        details: { books: [{ bookId, title, wanted: 3, available: 2 }] },
      }),
    );
    expect(stock.movements).toEqual([]);
    expect(stock.getUncommittedEvents()).toEqual([]);
  });

  it('releases what was set aside', () => {
    const stock = stockOf(10, 2);
    stock.release('o1', 2);
    expect(stock.snapshot()).toMatchObject({ quantity: 10, reserved: 0 });
    expect(stock.getUncommittedEvents()).toEqual([
      new StockReleased({ bookId, orderId: 'o1', count: 2, available: 10 }),
    ]);
  });

  it('ships what was set aside', () => {
    const stock = stockOf(10, 2);
    stock.ship('o1', 2);
    expect(stock.movements).toEqual([{ kind: 'shipped', quantity: -2, reserved: -2, cause: { orderId: 'o1' } }]);
    expect(stock.getUncommittedEvents()).toEqual([
      new StockShipped({ bookId, orderId: 'o1', count: 2, quantity: 8, reserved: 0, available: 8 }),
    ]);
  });

  it.each([
    ['released', (stock: Inventory) => stock.release('o1', 3)],
    ['shipped', (stock: Inventory) => stock.ship('o1', 3)],
  ])('has not %s what was never set aside', (wanted, verb) => {
    expect(() => verb(stockOf(10, 2))).toThrow(
      expect.objectContaining({
        code: 'stock-not-reserved',
        message: `3 copies of book 42 cannot be ${wanted}: 2 are reserved`,
      }),
    );
  });

  it('takes back the copies of a returned order', () => {
    const stock = stockOf(8);
    stock.takeBack('o1', 2);
    expect(stock.movements).toEqual([{ kind: 'returned', quantity: 2, reserved: 0, cause: { orderId: 'o1' } }]);
    expect(stock.getUncommittedEvents()).toEqual([
      new StockReturned({ bookId, orderId: 'o1', count: 2, quantity: 10, reserved: 0, available: 10 }),
    ]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, MOST_COPIES + 1])('does not count %d copies', (count) => {
    const stock = stockOf(10, 5);
    const verbs = [
      () => stock.receive(count),
      () => stock.reserve('o1', count),
      () => stock.release('o1', count),
      () => stock.ship('o1', count),
      () => stock.takeBack('o1', count),
    ];
    for (const verb of verbs) expect(verb).toThrow(expect.objectContaining({ code: 'copies-not-countable' }));
  });

  it('never grows beyond what the shop can count', () => {
    const stock = stockOf(MOST_COPIES - 1);
    stock.receive(1);
    for (const verb of [() => stock.receive(1), () => stock.adjust(1, 'found'), () => stock.takeBack('o1', 1)]) {
      expect(verb).toThrow(expect.objectContaining({ code: 'stock-above-limit' }));
    }
  });
});

describe('What is left for sale', () => {
  const turnsOf = (stock: Inventory) =>
    stock
      .getUncommittedEvents()
      .filter((event) => [StockRanLow, StockRanOut, StockReplenished].some((turn) => event instanceof turn));

  it.each([
    [5, 1, []],
    [5, 2, [new StockRanLow({ bookId, title, available: 3 })]],
    [3, 1, []],
    [3, 3, [new StockRanOut({ bookId, title })]],
    [5, 5, [new StockRanLow({ bookId, title, available: 0 }), new StockRanOut({ bookId, title })]],
  ])('of %i copies after %i are set aside is told once it is low or nothing', (quantity, count, turns) => {
    const stock = stockOf(quantity);
    stock.reserve('o1', count);
    expect(turnsOf(stock)).toEqual(turns);
  });

  it.each<[string, (stock: Inventory) => void]>([
    ['received', (stock) => stock.receive(1)],
    ['found', (stock) => stock.adjust(1, 'found')],
    ['released', (stock) => stock.release('o1', 1)],
    ['returned', (stock) => stock.takeBack('o1', 1)],
  ])('is told when there was nothing and a copy is %s', (_, verb) => {
    const stock = stockOf(2, 2);
    verb(stock);
    verb(stock);
    expect(turnsOf(stock)).toEqual([new StockReplenished({ bookId, title, available: 1 })]);
  });
});

describe('The ledger', () => {
  const count = fc.integer({ min: -2, max: 12 });
  const verb = fc.oneof(
    count.map((amount) => (stock: Inventory) => stock.adjust(amount, 'counted')),
    count.map((amount) => (stock: Inventory) => stock.receive(amount)),
    count.map((copies) => (stock: Inventory) => stock.reserve('o1', copies)),
    count.map((copies) => (stock: Inventory) => stock.release('o1', copies)),
    count.map((copies) => (stock: Inventory) => stock.ship('o1', copies)),
    count.map((copies) => (stock: Inventory) => stock.takeBack('o1', copies)),
  );

  it('always adds up to the stock, of which no more is reserved than there is', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.array(verb, { maxLength: 40 }), (quantity, verbs) => {
        const stock = Inventory.open({ bookId, title, quantity });
        for (const act of verbs) {
          const [before, events] = [stock.snapshot(), stock.getUncommittedEvents().length];
          try {
            act(stock);
            expect(stock.getUncommittedEvents().length).toBeGreaterThan(events);
          } catch (refusal) {
            expect(refusal).toBeInstanceOf(DomainError);
            expect(stock.snapshot()).toBe(before);
            expect(stock.getUncommittedEvents()).toHaveLength(events);
          }
          const sumOf = (column: 'quantity' | 'reserved') =>
            stock.movements.reduce((sum, movement) => sum + movement[column], 0);
          expect(stock.snapshot()).toEqual({ bookId, title, quantity: sumOf('quantity'), reserved: sumOf('reserved') });
          expect(stock.snapshot().reserved).toBeGreaterThanOrEqual(0);
          expect(stock.available).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('Out of stock', () => {
  it('names every book that falls short', () => {
    const books = [
      { bookId: '1', title: 'Emma', wanted: 2, available: 1 },
      { bookId: '2', title: 'Persuasion', wanted: 1, available: 0 },
    ];
    expect(new OutOfStock(books)).toMatchObject({
      message: 'not enough copies of "Emma" (2 wanted, 1 available), "Persuasion" (1 wanted, 0 available)',
      details: { books },
    });
  });
});

import * as fc from 'fast-check';
import {
  OrderCancelled,
  OrderConfirmed,
  OrderDelivered,
  OrderPlaced,
  OrderReturned,
  OrderShipped,
} from '../orders.events';
import { Order, OrderStatus } from './order';
import { BookNotForSale } from './orders.errors';

const alice = { name: 'Alice Johnson', email: 'alice@example.com' };
const gatsby = { bookId: 'b1', title: 'The Great Gatsby', quantity: 2, unitPrice: { amount: 1299, currency: 'USD' } };
const emma = { bookId: 'b2', title: 'Emma', quantity: 1, unitPrice: { amount: 850, currency: 'USD' } };
const request = {
  id: '42',
  customer: alice,
  shippingAddress: '1 Main Street, Springfield',
  lines: [gatsby, emma],
  placedAt: new Date('2026-01-05T10:00:00Z'),
};
const facts = {
  orderId: '42',
  customer: alice,
  items: [gatsby, emma],
  total: { amount: 3448, currency: 'USD' },
};
const { shippingAddress } = request;

const verbs: Record<Exclude<OrderStatus, 'PENDING'>, (order: Order) => void> = {
  CONFIRMED: (order) => order.confirm(),
  SHIPPED: (order) => order.ship({ carrier: 'DHL', trackingNumber: 'JD0146' }),
  DELIVERED: (order) => order.deliver(),
  CANCELLED: (order) => order.cancel('changed my mind'),
  RETURNED: (order) => order.return('a page is missing'),
};
const ways: Record<OrderStatus, (keyof typeof verbs)[]> = {
  PENDING: [],
  CONFIRMED: ['CONFIRMED'],
  SHIPPED: ['CONFIRMED', 'SHIPPED'],
  DELIVERED: ['CONFIRMED', 'SHIPPED', 'DELIVERED'],
  CANCELLED: ['CANCELLED'],
  RETURNED: ['CONFIRMED', 'SHIPPED', 'DELIVERED', 'RETURNED'],
};
const allowed = [
  'PENDING -> CONFIRMED',
  'PENDING -> CANCELLED',
  'CONFIRMED -> SHIPPED',
  'CONFIRMED -> CANCELLED',
  'SHIPPED -> DELIVERED',
  'DELIVERED -> RETURNED',
];
const statuses = Object.keys(ways) as OrderStatus[];
const targets = Object.keys(verbs) as (keyof typeof verbs)[];
const forbidden = statuses
  .flatMap((from) => targets.map((to) => [from, to] as const))
  .filter(([from, to]) => !allowed.includes(`${from} -> ${to}`));

/** An order that has come to this state, and whose events so far are history. */
function orderThatIs(status: OrderStatus): Order {
  const order = Order.place(request);
  for (const step of ways[status]) verbs[step](order);
  return Order.restore(order.snapshot());
}

describe('Placing an order', () => {
  it('keeps what was ordered at the prices of the moment, and tells all of it', () => {
    const order = Order.place(request);
    expect(order.id).toBe('42');
    expect(order.snapshot()).toEqual({
      id: '42',
      status: 'PENDING',
      customer: alice,
      shippingAddress,
      items: [gatsby, emma],
      total: { amount: 3448, currency: 'USD' },
      placedAt: new Date('2026-01-05T10:00:00Z'),
    });
    expect(order.getUncommittedEvents()).toEqual([
      new OrderPlaced({ ...facts, shippingAddress, placedAt: '2026-01-05T10:00:00.000Z' }),
    ]);
  });

  it('takes 1 to 100 books', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, n) => ({ ...gatsby, bookId: `b${n}` }));
    expect(() => Order.place({ ...request, lines: lines(100) })).not.toThrow();
    expect(() => Order.place({ ...request, lines: lines(101) })).toThrow('items must be 1 to 100 books');
    expect(() => Order.place({ ...request, lines: [] })).toThrow('items must be 1 to 100 books');
  });

  it('takes each book once', () => {
    expect(() => Order.place({ ...request, lines: [gatsby, gatsby] })).toThrow(
      expect.objectContaining({ code: 'book-ordered-twice', path: 'items[1].bookId' }),
    );
  });

  it.each([0, -1, 1.5, NaN, 1001])('does not take %d copies of a book', (quantity) => {
    expect(() => Order.place({ ...request, lines: [gatsby, { ...emma, quantity }] })).toThrow(
      'items[1].quantity must be a whole number from 1 to 1000',
    );
  });

  it('takes one currency', () => {
    const lines = [gatsby, { ...emma, unitPrice: { amount: 800, currency: 'EUR' } }];
    expect(() => Order.place({ ...request, lines })).toThrow(
      expect.objectContaining({
        code: 'mixed-currencies',
        message: 'an order has one currency, but its books are priced in USD and EUR',
      }),
    );
  });

  it('is possible at the total that the customer has been shown', () => {
    const order = Order.place({ ...request, expectedTotal: { amount: 3448, currency: 'USD' } });
    expect(order.snapshot().total).toEqual({ amount: 3448, currency: 'USD' });
    expect(order.snapshot()).not.toHaveProperty('expectedTotal');
  });

  it.each([
    { amount: 3447, currency: 'USD' },
    { amount: 3449, currency: 'USD' },
    { amount: 0, currency: 'USD' },
    { amount: 3448, currency: 'EUR' },
  ])('is refused when $amount $currency was expected, saying what each line costs now', (expectedTotal) => {
    expect(() => Order.place({ ...request, expectedTotal })).toThrow(
      expect.objectContaining({
        code: 'price-changed',
        message: expect.stringMatching(/^the order costs 34\.48 USD now, and not /),
        details: {
          total: { amount: 34.48, currency: 'USD' },
          items: [
            { title: 'The Great Gatsby', quantity: 2, unitPrice: { amount: 12.99, currency: 'USD' } },
            { title: 'Emma', quantity: 1, unitPrice: { amount: 8.5, currency: 'USD' } },
          ],
        },
      }),
    );
  });

  it('has no total to be another one than expected where its books are priced in several currencies', () => {
    const lines = [gatsby, { ...emma, unitPrice: { amount: 800, currency: 'EUR' } }];
    expect(() => Order.place({ ...request, lines, expectedTotal: { amount: 1, currency: 'USD' } })).toThrow(
      expect.objectContaining({ code: 'mixed-currencies' }),
    );
  });

  it.each(['alice', 'alice@', 'a b@example.com', 'alice@example.com\nbcc:eve@example.com'])(
    'does not take %j for an email address',
    (email) => {
      expect(() => Order.place({ ...request, customer: { name: 'Alice', email } })).toThrow(
        'customer.email must be an email address',
      );
    },
  );

  it('needs somebody and somewhere to send the books to', () => {
    expect(() => Order.place({ ...request, customer: { ...alice, name: '' } })).toThrow('customer.name must not be');
    expect(() => Order.place({ ...request, shippingAddress: '' })).toThrow('shippingAddress must not be empty');
  });
});

describe('An order', () => {
  it.each([
    ['PENDING', 'CONFIRMED', new OrderConfirmed({ ...facts, shippingAddress })],
    ['CONFIRMED', 'SHIPPED', new OrderShipped({ ...facts, shippingAddress, carrier: 'DHL', trackingNumber: 'JD0146' })],
    ['SHIPPED', 'DELIVERED', new OrderDelivered(facts)],
    ['PENDING', 'CANCELLED', new OrderCancelled({ ...facts, reason: 'changed my mind' })],
    ['CONFIRMED', 'CANCELLED', new OrderCancelled({ ...facts, reason: 'changed my mind' })],
    ['DELIVERED', 'RETURNED', new OrderReturned({ ...facts, reason: 'a page is missing' })],
  ] as const)('that is %s can be %s, and tells so', (from, to, event) => {
    const order = orderThatIs(from);
    verbs[to](order);
    expect(order.snapshot().status).toBe(to);
    expect(order.getUncommittedEvents()).toEqual([event]);
  });

  it.each(forbidden)('that is %s cannot be %s', (from, to) => {
    const order = orderThatIs(from);
    const before = order.snapshot();

    expect(() => verbs[to](order)).toThrow(
      expect.objectContaining({
        code: 'order-state-forbids',
        message: `order 42 cannot be ${to.toLowerCase()}: it is ${from}`,
        details: { status: from, wanted: to },
      }),
    );
    expect(order.snapshot()).toBe(before);
    expect(order.getUncommittedEvents()).toEqual([]);
  });

  it('has 24 moves that are forbidden, and all of them were tried', () => {
    expect(forbidden).toHaveLength(24);
  });

  it('never leaves the allowed moves, whatever is tried', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...targets), { maxLength: 20 }), (tries) => {
        const order = Order.place(request);
        for (const to of tries) {
          const from = order.snapshot().status;
          const attempt = () => verbs[to](order);
          if (allowed.includes(`${from} -> ${to}`)) attempt();
          else expect(attempt).toThrow(`it is ${from}`);
        }
      }),
    );
  });

  it('knows its carrier and tracking number once it is shipped', () => {
    expect(orderThatIs('CONFIRMED').snapshot().shipment).toBeUndefined();
    expect(orderThatIs('DELIVERED').snapshot().shipment).toEqual({ carrier: 'DHL', trackingNumber: 'JD0146' });
  });

  it('stays as it is when the carrier or the reason is missing', () => {
    const order = orderThatIs('CONFIRMED');
    expect(() => order.ship({ carrier: 'DHL', trackingNumber: ' ' })).toThrow('trackingNumber must not be empty');
    expect(() => order.cancel('')).toThrow('reason must not be empty');
    expect(order.snapshot().status).toBe('CONFIRMED');
    expect(order.getUncommittedEvents()).toEqual([]);
  });
});

describe('A book that is not for sale', () => {
  it('is named, with all others', () => {
    expect(new BookNotForSale(['b1', 'b2'])).toMatchObject({
      code: 'book-not-for-sale',
      message: 'not for sale: book b1, book b2',
      details: { bookIds: ['b1', 'b2'] },
    });
  });
});

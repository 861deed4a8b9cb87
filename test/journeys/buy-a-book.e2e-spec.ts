import type { Response } from 'supertest';
import { OpenStockOnBookAdded } from '../../src/inventory/reactions/open-stock-on-book-added.reaction';
import { Bookshelf } from '../support/bookshelf';
import { address, alice, Client, everythingStored, gatsby, orderFor, problemOf, type Json } from '../support/client';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Each step builds on the one before: the story is one. */
describe('Buying a book', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;
  let orderId: string;
  let position = 0;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
  });
  afterAll(() => shop.close());

  /** An answer to a command is JSON, and tells a position further on than the last. */
  const expectStored = (answer: Response, status: number): void => {
    expect({ status: answer.status, type: answer.get('content-type') }).toEqual({
      status,
      type: 'application/json; charset=utf-8',
    });
    expect(Number(answer.get('event-position'))).toBeGreaterThan(position);
    position = Number(answer.get('event-position'));
  };

  const theOrder = (changes: object): object => ({
    id: orderId,
    customer: alice,
    items: [{ bookId, title: gatsby.title, quantity: 2, unitPrice: gatsby.price }],
    total: { amount: 25.98, currency: 'USD' },
    placedAt: expect.stringMatching(TIME),
    ...changes,
  });
  const shipment = { carrier: 'UPS', trackingNumber: '1Z999AA10123456784' };

  it('begins with the shop adding The Great Gatsby to its catalog', async () => {
    const answer = await client.post('/books', gatsby);
    expectStored(answer, 201);
    expect(answer.body).toEqual({ id: expect.stringMatching(ID) });
    bookId = answer.body.id;
    expect(answer.get('location')).toBe(`/books/${bookId}`);

    expect(await client.see(`/books/${bookId}`)).toEqual({
      id: bookId,
      ...gatsby,
      status: 'ADDED',
      addedAt: expect.stringMatching(TIME),
    });
  });

  it('finds ten copies in the inventory, which nobody has called', async () => {
    expect(await client.see(`/inventory/${bookId}`)).toEqual({
      bookId,
      title: gatsby.title,
      quantity: 10,
      reserved: 0,
      available: 10,
    });
  });

  it('shows the book to everybody who browses the shop', async () => {
    await shop.settle();
    expect(await client.see('/books')).toEqual({ items: [{ id: bookId, ...gatsby, published: false, inStock: true }] });
  });

  it('goes on with Alice, who orders two copies at the price of the shop', async () => {
    const items = [{ bookId, quantity: 2 }];
    const answer = await client.post('/orders', { customer: alice, shippingAddress: address, items });
    expectStored(answer, 201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(ID),
      status: 'PENDING',
      total: { amount: 25.98, currency: 'USD' },
    });
    orderId = answer.body.id;
    expect(answer.get('location')).toBe(`/orders/${orderId}`);

    const order = await client.see(`/orders/${orderId}`);
    expect(order).toEqual(theOrder({ status: 'PENDING' }));
    expect(await client.see('/orders')).toEqual({ items: [order] });
  });

  it('leaves eight copies for everybody else, from the moment she has her answer', async () => {
    // Without a position to wait for: the copies are set aside together with the order, or it is not placed.
    expect((await shop.http().get(`/inventory/${bookId}`)).body).toMatchObject({
      quantity: 10,
      reserved: 2,
      available: 8,
    });
  });

  it('is confirmed by the shop', async () => {
    const answer = await client.post(`/orders/${orderId}/confirm`);
    expectStored(answer, 200);
    expect(answer.body).toEqual(theOrder({ status: 'CONFIRMED' }));
    expect(await client.stock(bookId)).toEqual([10, 2, 8]);
  });

  it('is shipped, and two copies leave the shelf', async () => {
    const answer = await client.post(`/orders/${orderId}/ship`, shipment);
    expectStored(answer, 200);
    expect(answer.body).toEqual(theOrder({ status: 'SHIPPED', shipment }));
    expect(await client.stock(bookId)).toEqual([8, 0, 8]);
  });

  it('is delivered, and the quantity stays at eight', async () => {
    const answer = await client.post(`/orders/${orderId}/deliver`);
    expectStored(answer, 200);
    expect(answer.body).toEqual(theOrder({ status: 'DELIVERED', shipment }));
    expect(await client.see(`/orders/${orderId}`)).toEqual(answer.body);
    expect(await client.stock(bookId)).toEqual([8, 0, 8]);
  });

  it('can be read afterwards: each thing that happened, and what each reaction made of it', async () => {
    await shop.settle();
    const timeline = await client.see(`/orders/${orderId}/timeline`);
    const done = (reaction: string) => ({ reaction, state: 'done', finishedAt: expect.stringMatching(TIME) });
    const happened: [type: string, reactions: string[]][] = [
      ['orders.order-placed', ['inventory.reserve-stock']],
      ['orders.order-confirmed', []],
      ['orders.order-shipped', ['inventory.ship-stock']],
      ['orders.order-delivered', []],
    ];
    expect(timeline.items.map(({ type, reactions }: Json) => [type, reactions])).toEqual(
      happened.map(([type, reactions]) => [type, expect.arrayContaining(reactions.map(done))]),
    );
    for (const entry of timeline.items) {
      expect(entry).toMatchObject({
        position: expect.any(Number),
        occurredAt: expect.stringMatching(TIME),
        actor: 'anonymous',
        facts: { orderId, customer: alice, total: { amount: 2598, currency: 'USD' } },
      });
      expect(entry.reactions.every(({ state }: Json) => state === 'done')).toBe(true);
    }
    expect(timeline.items[2].facts).toMatchObject(shipment);
  });

  it('was handled by every reaction once: nothing waits, nothing failed, the ledger has one line for each step', async () => {
    const { items: reactions } = await client.see('/reactions');
    expect(reactions.filter(({ lag, deferred, dead }: Json) => lag || deferred || dead)).toEqual([]);
    const { items: ledger } = await client.see(`/inventory/${bookId}/movements`);
    expect(ledger.map(({ kind, quantity, reserved }: Json) => [kind, quantity, reserved])).toEqual([
      ['opened', 10, 0],
      ['reserved', 0, 2],
      ['shipped', -2, -2],
    ]);
  });

  it('can be told from the books alone, over and over: the log holds all of it', async () => {
    const { items } = await client.see(`/events?stream=orders.order/${orderId}`);
    expect(items.map(({ type, streamVersion }: Json) => [streamVersion, type])).toEqual([
      [1, 'orders.order-placed'],
      [2, 'orders.order-confirmed'],
      [3, 'orders.order-shipped'],
      [4, 'orders.order-delivered'],
    ]);
  });
});

describe('A hurried customer', () => {
  let shop: Bookshelf;
  beforeAll(async () => {
    shop = await Bookshelf.start();
  });
  afterAll(() => shop.close());

  it('orders a book in the moment it is added, by passing on the position that adding it has given', async () => {
    for (let round = 0; round < 10; round++) {
      const client = new Client(shop);
      const bookId = await client.addBook();
      const items = [{ bookId, quantity: 1 }];
      const { status, text } = await client.post('/orders', { customer: alice, shippingAddress: address, items });
      expect({ status, text }).toMatchObject({ status: 201 });
    }
  });

  it('sees the stock of a book in the moment it is added, even if it is late', async () => {
    jest.spyOn(OpenStockOnBookAdded.prototype, 'handle').mockRejectedValueOnce(new Error('the shelf is being painted'));
    const client = new Client(shop);
    expect(await client.stock(await client.addBook())).toEqual([10, 0, 10]);
  });

  it('orders a book in the moment it is added, even if its stock is late', async () => {
    jest.spyOn(OpenStockOnBookAdded.prototype, 'handle').mockRejectedValueOnce(new Error('the shelf is being painted'));
    const client = new Client(shop);
    await client.order({ [await client.addBook()]: 1 });
  });

  it('reads each step of an order in the moment it is taken', async () => {
    const client = new Client(shop);
    const bookId = await client.addBook();
    const orderId = await client.order({ [bookId]: 3 });
    expect(await client.stock(bookId)).toEqual([10, 3, 7]);
    await client.move(orderId, 'confirm', 'ship');
    expect(await client.stock(bookId)).toEqual([7, 0, 7]);
    await client.move(orderId, 'deliver', 'return');
    expect(await client.stock(bookId)).toEqual([10, 0, 10]);
  });
});

describe('A price that changed between browsing and ordering', () => {
  let shop: Bookshelf;
  let client: Client;
  let gatsbyId: string;
  let emmaId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
    gatsbyId = await client.addBook();
    emmaId = await client.addBook({ title: 'Emma', price: { amount: 8.5, currency: 'USD' } });
  });
  afterAll(() => shop.close());

  const order = (expectedTotal?: object): Promise<Response> =>
    client.post('/orders', {
      ...orderFor(gatsbyId, 2),
      items: [
        { bookId: gatsbyId, quantity: 2 },
        { bookId: emmaId, quantity: 1 },
      ],
      expectedTotal,
    });
  const reprice = (bookId: string, amount: number, currency = 'USD'): Promise<Response> =>
    client.post(`/books/${bookId}/price`, { price: { amount, currency } });

  it('is told to the customer, line by line, and nothing has happened', async () => {
    const shown = (await client.see('/books')).items.map(({ price }: Json) => price.amount);
    expect(shown).toEqual([12.99, 8.5]);
    const expectedTotal = { amount: 34.48, currency: 'USD' };
    await reprice(gatsbyId, 14.5);
    const before = await everythingStored(shop);

    const problem = problemOf(await order(expectedTotal));
    expect(problem).toMatchObject({
      status: 409,
      code: 'price-changed',
      detail: 'the order costs 37.5 USD now, and not 34.48 USD',
    });
    expect(problem.details).toEqual({
      total: { amount: 37.5, currency: 'USD' },
      items: [
        { title: gatsby.title, quantity: 2, unitPrice: { amount: 14.5, currency: 'USD' } },
        { title: 'Emma', quantity: 1, unitPrice: { amount: 8.5, currency: 'USD' } },
      ],
    });
    expect(await everythingStored(shop)).toEqual(before);
    expect(await client.stock(gatsbyId)).toEqual([10, 0, 10]);
    expect(await client.see('/orders')).toEqual({ items: [] });
  });

  it('is told as well when the order has become cheaper', async () => {
    await reprice(gatsbyId, 1);
    expect(problemOf(await order({ amount: 37.5 })).details.total).toEqual({ amount: 10.5, currency: 'USD' });
  });

  it('is a change of the currency, too', async () => {
    await reprice(gatsbyId, 1, 'EUR');
    await reprice(emmaId, 8.5, 'EUR');
    const { code, details } = problemOf(await order({ amount: 10.5, currency: 'USD' }));
    expect([code, details.total]).toEqual(['price-changed', { amount: 10.5, currency: 'EUR' }]);
  });

  it('lets the customer order at what was told, or whatever it costs', async () => {
    for (const expectedTotal of [{ amount: 10.5, currency: 'EUR' }, undefined]) {
      const { status, body } = await order(expectedTotal);
      expect([status, body.total]).toEqual([201, { amount: 10.5, currency: 'EUR' }]);
    }
    expect(await client.stock(gatsbyId)).toEqual([10, 4, 6]);
  });

  it('is told of a hundred books with the longest of titles', async () => {
    const title = '🐳'.repeat(200);
    const price = { amount: 99_999_999.99, currency: 'USD' };
    const items = [];
    for (let line = 0; line < 100; line++) {
      items.push({ bookId: await client.addBook({ title, price }), quantity: 1000 });
    }
    const wish = { customer: alice, shippingAddress: address, items, expectedTotal: { amount: 1 } };
    const { code, details } = problemOf(await client.post('/orders', wish));
    expect([code, details.total.amount]).toEqual(['price-changed', 9_999_999_999_000]);
    expect(details.items).toHaveLength(100);
    expect(details.items[99]).toEqual({ title: `${'🐳'.repeat(14)}…`, quantity: 1000, unitPrice: price });
  });
});

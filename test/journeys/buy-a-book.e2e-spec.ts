import type { Response } from 'supertest';
import { OpenStockOnBookAdded } from '../../src/inventory/reactions/open-stock-on-book-added.reaction';
import { Bookshelf } from '../support/bookshelf';
import { address, alice, Client, gatsby, type Json } from '../support/client';

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

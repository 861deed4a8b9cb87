import { once } from 'node:events';
import { Agent, request, Server, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { HttpAdapterHost } from '@nestjs/core';
import { Bookshelf } from '../support/bookshelf';
import {
  address,
  alice,
  Client,
  everythingStored,
  gatsby,
  nobody,
  orderFor,
  problemOf,
  type Json,
} from '../support/client';

describe('Running out of stock', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start({ environment: { INITIAL_STOCK: '5' } });
  });
  beforeEach(async () => {
    client = new Client(shop);
    bookId = await client.addBook();
  });
  afterAll(() => shop.close());

  const wish = (items: object[]): object => ({ customer: alice, shippingAddress: address, items });
  const shelf = async (): Promise<Json> => {
    await shop.settle();
    const { items } = await client.see('/books?limit=200');
    return items.find(({ id }: Json) => id === bookId);
  };
  const told = async (type: string): Promise<number> => {
    const { items } = await client.see(`/events?type=${type}&stream=inventory.stock/${bookId}`);
    return items.length;
  };

  it('begins with as many copies as the shop is told to', async () => {
    expect(await client.stock(bookId)).toEqual([5, 0, 5]);
  });

  it('is refused at once, naming the book and how many there are, and nothing is stored', async () => {
    await client.order({ [bookId]: 4 });
    const before = await everythingStored(shop);
    const answer = await client.post('/orders', wish([{ bookId, quantity: 2 }]));
    expect(problemOf(answer)).toMatchObject({
      status: 409,
      code: 'out-of-stock',
      detail: 'not enough copies of "The Great Gatsby" (2 wanted, 1 available)',
      details: { books: [{ bookId, title: gatsby.title, wanted: 2, available: 1 }] },
    });
    expect(answer.get('location')).toBeUndefined();
    expect(await everythingStored(shop)).toEqual(before);
  });

  it('names every book that falls short, and sets none of the others aside', async () => {
    const plenty = await client.addBook({ title: 'Plenty' });
    const scarce = await client.addBook({ title: 'Scarce' });
    await client.adjust(scarce, -4);
    const before = await everythingStored(shop);
    const items = [
      { bookId: plenty, quantity: 1 },
      { bookId: scarce, quantity: 2 },
      { bookId, quantity: 6 },
    ];
    const { details } = problemOf(await client.post('/orders', wish(items)));
    expect(details.books.map(({ title, wanted, available }: Json) => [title, wanted, available])).toEqual([
      ['Scarce', 2, 1],
      [gatsby.title, 6, 5],
    ]);
    expect(await everythingStored(shop)).toEqual(before);
    expect(await client.stock(plenty)).toEqual([5, 0, 5]);
  });

  it('shows in the shop when the last copy is taken, and when there are some again', async () => {
    expect(await shelf()).toMatchObject({ inStock: true });
    const orderId = await client.order({ [bookId]: 5 });
    expect(await client.stock(bookId)).toEqual([5, 5, 0]);
    expect(await shelf()).toMatchObject({ inStock: false });
    await client.move(orderId, 'cancel');
    expect(await shelf()).toMatchObject({ inStock: true });
  });

  it('is told once when the stock runs low, once when it is out, and once when it is back', async () => {
    const [ranLow, ranOut, replenished] = ['ran-low', 'ran-out', 'replenished'].map(
      (what) => `inventory.stock-${what}`,
    );
    await client.order({ [bookId]: 1 });
    expect(await told(ranLow)).toBe(0);
    await client.order({ [bookId]: 1 });
    await client.order({ [bookId]: 1 });
    expect([await told(ranLow), await told(ranOut)]).toEqual([1, 0]);
    await client.order({ [bookId]: 2 });
    expect([await told(ranLow), await told(ranOut)]).toEqual([1, 1]);
    await client.adjust(bookId, 1);
    await client.adjust(bookId, 1);
    // The first time was when the book was added.
    expect(await told(replenished)).toBe(2);
  });

  it('does not sell a book that the shop has never heard of', async () => {
    const before = await everythingStored(shop);
    const items = [
      { bookId, quantity: 1 },
      { bookId: nobody, quantity: 1 },
    ];
    expect(problemOf(await client.post('/orders', wish(items)))).toMatchObject({
      status: 409,
      code: 'book-not-for-sale',
      detail: `not for sale: book ${nobody}`,
      details: { bookIds: [nobody] },
    });
    expect(await everythingStored(shop)).toEqual(before);
  });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/**
 * Posts each of these bodies over a connection of its own. The shop has heard of every request before any of them is
 * complete: so all of them are under way at once, however fast the first is answered.
 */
async function postAtOnce(shop: Bookshelf, path: string, bodies: readonly object[]): Promise<Answer[]> {
  const server = shop.get(HttpAdapterHost).httpAdapter.getHttpServer() as Server;
  let heard = 0;
  const allAreHeard = new Promise<void>((resolve) => {
    server.on('request', () => ++heard === bodies.length && resolve());
  });
  const agent = new Agent({ maxSockets: bodies.length });
  const url = `${await shop.url}${path}`;
  const requests = bodies.map((body) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
    const post = request(url, { method: 'POST', agent, headers });
    post.write(bytes.subarray(0, -1));
    return { post, rest: bytes.subarray(-1) };
  });
  await allAreHeard;
  return Promise.all(
    requests.map(async ({ post, rest }) => {
      post.end(rest);
      const [answer] = (await once(post, 'response')) as [IncomingMessage];
      return {
        status: answer.statusCode!,
        headers: answer.headers as Record<string, string>,
        text: await text(answer),
      };
    }),
  );
}

describe('Two hundred customers who want the last ten copies at the same moment', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;
  let sold: string[];
  let refused: Answer[];

  const nameOf = (buyer: number): string => `buyer-${buyer}@example.com`;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
    bookId = await client.addBook();
    // Nobody waits for the stock of the book.
    await client.stock(bookId);
    const buyers = Array.from({ length: 200 }, (_, at) => ({ name: `Buyer ${at}`, email: nameOf(at) }));
    const answers = await postAtOnce(
      shop,
      '/orders',
      buyers.map((customer) => ({ ...orderFor(bookId), customer })),
    );
    sold = answers.flatMap(({ status }, at) => (status === 201 ? nameOf(at) : []));
    refused = answers.filter(({ status }) => status !== 201);
    await shop.settle();
  });
  afterAll(() => shop.close());

  it('ten of them get one', async () => {
    expect(sold).toHaveLength(10);
    const { items } = await client.see('/orders?limit=200');
    expect(items.map(({ customer }: Json) => customer.email).sort()).toEqual(sold.sort());
    for (const order of items) expect(order).toMatchObject({ status: 'PENDING', items: [{ bookId, quantity: 1 }] });
  });

  it('the others are told that there is none left, and of which book', () => {
    expect(refused).toHaveLength(190);
    for (const answer of refused) {
      expect(problemOf(answer)).toMatchObject({
        status: 409,
        code: 'out-of-stock',
        detail: 'not enough copies of "The Great Gatsby" (1 wanted, 0 available)',
        details: { books: [{ bookId, title: gatsby.title, wanted: 1, available: 0 }] },
      });
    }
  });

  it('every copy is set aside once, and the ledger says for which order', async () => {
    expect(await client.stock(bookId)).toEqual([10, 10, 0]);
    const { items: ledger } = await client.see(`/inventory/${bookId}/movements?limit=200`);
    const [opened, ...reserved] = ledger;
    expect(opened).toMatchObject({ kind: 'opened', quantity: 10, reserved: 0 });
    for (const line of reserved) expect(line).toMatchObject({ kind: 'reserved', quantity: 0, reserved: 1 });
    const orders = (await client.see('/orders?limit=200')).items.map(({ id }: Json) => id);
    expect(reserved.map(({ orderId }: Json) => orderId).sort()).toEqual(orders.sort());
  });

  it('nothing is left behind of those who were refused: no order, no event, no letter, no points', async () => {
    const { items } = await client.see('/events?limit=200&type=orders.order-placed');
    expect(items).toHaveLength(10);
    const named = Object.entries(await everythingStored(shop)).flatMap(([table, rows]) => {
      const buyers = new Set(rows.join('\n').match(/buyer-\d+@example\.com/g));
      return buyers.size ? [[table, [...buyers].sort()] as const] : [];
    });
    for (const [table, buyers] of named) expect([table, buyers]).toEqual([table, sold.sort()]);
    // Whoever was served is found in these, so whoever was not would be as well.
    const tables = ['orders_order', 'event_log', 'notifications_notification', 'loyalty_account'];
    expect(named.map(([table]) => table)).toEqual(expect.arrayContaining(tables));
  });
});

import { Bookshelf } from '../support/bookshelf';
import { address, alice, Client, problemOf } from '../support/client';

describe('Earning points', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
  });
  afterAll(() => shop.close());

  /** What a customer has, and how it has come about. */
  async function pointsOf(email: string) {
    await shop.settle();
    const { points, items } = await client.see(`/loyalty/${email}`);
    return { points, ledger: items.map(({ kind, orderId, points: some }: Line) => [kind, orderId, some]) };
  }

  const orderAs = async (email: string, bookId: string, quantity: number): Promise<string> => {
    const customer = { ...alice, email };
    const items = [{ bookId, quantity }];
    return (await client.post('/orders', { customer, shippingAddress: address, items })).body.id;
  };

  it('an order of 25.98 USD earns 25 points, and nobody has told orders of it', async () => {
    const orderId = await orderAs('alice@example.com', await client.addBook(), 2);
    expect(await pointsOf('alice@example.com')).toEqual({ points: 25, ledger: [['awarded', orderId, 25]] });
  });

  it('a cancelled order gives them back, once', async () => {
    const orderId = await orderAs('bob@example.com', await client.addBook(), 1);
    await client.move(orderId, 'cancel');
    expect(await pointsOf('bob@example.com')).toEqual({
      points: 0,
      ledger: [
        ['awarded', orderId, 12],
        ['revoked', orderId, -12],
      ],
    });
    expect((await client.post(`/orders/${orderId}/cancel`, { reason: 'again' })).status).toBe(409);
    expect((await pointsOf('bob@example.com')).points).toBe(0);
  });

  it('so does a returned one', async () => {
    const bookId = await client.addBook();
    const kept = await orderAs('carol@example.com', bookId, 3);
    const returned = await orderAs('carol@example.com', bookId, 1);
    await client.move(returned, 'confirm', 'ship', 'deliver', 'return');
    expect(await pointsOf('carol@example.com')).toEqual({
      points: 38,
      ledger: [
        ['awarded', kept, 38],
        ['awarded', returned, 12],
        ['revoked', returned, -12],
      ],
    });
  });

  it('a customer is the same however the address is typed', async () => {
    const bookId = await client.addBook();
    await orderAs('Dave@Example.com', bookId, 1);
    await orderAs('dave@example.com', bookId, 1);
    expect((await pointsOf('DAVE@example.com')).points).toBe(24);
  });

  it('the ledger comes in pages', async () => {
    const bookId = await client.addBook();
    const orders = [await orderAs('erin@example.com', bookId, 1), await orderAs('erin@example.com', bookId, 1)];
    await shop.settle();
    const first = await client.see('/loyalty/erin@example.com?limit=1');
    const second = await client.see(`/loyalty/erin@example.com?limit=1&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ orderId }: Line) => orderId)).toEqual(orders);
    expect([first.points, second.points, second.next]).toEqual([24, 24, undefined]);
  });

  it('who has never ordered has no account, and what is no address is refused', async () => {
    const unknown = problemOf(await client.get('/loyalty/nobody@example.com'));
    expect([unknown.status, unknown.code]).toEqual([404, 'points-account-not-found']);
    const malformed = problemOf(await client.get('/loyalty/nobody'));
    expect([malformed.status, malformed.errors]).toEqual([
      400,
      [{ path: 'email', message: 'must be an e-mail address such as alice@example.com' }],
    ]);
  });
});

interface Line {
  readonly kind: string;
  readonly orderId: string;
  readonly points: number;
}

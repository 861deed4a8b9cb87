import { expectIdempotent } from '../../src/platform/testing/idempotence';
import { Bookshelf } from '../support/bookshelf';
import { address, Client, everythingStored, MOVES, problemOf, type Json, type Move } from '../support/client';
import { collectMail } from '../support/outbox';
import { booksOf, pay, watchRefunds } from '../support/payments';

const keysOf = (refunds: ReturnType<typeof watchRefunds>) => () => refunds.map(({ key }) => key);
const usd = (amount: number) => ({ amount, currency: 'USD' });

describe('An order that has to be undone', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;
  let orderId: string;
  let customers = 0;
  let email: string;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    collectMail(shop);
  });
  afterAll(() => shop.close());

  /** A customer of its own has ordered and paid three copies of a book of its own: 38.97 USD, and 38 points. */
  beforeEach(async () => {
    client = new Client(shop);
    bookId = await client.addBook();
    email = `customer-${++customers}@example.com`;
    const items = [{ bookId, quantity: 3 }];
    const wish = { customer: { name: 'Alice', email }, shippingAddress: address, items };
    ({ id: orderId } = (await client.post('/orders', wish)).body);
    await pay(client, orderId, 38.97);
    await shop.settle();
  });

  /** What is left of the order in every part of the shop that has heard of it. */
  async function traces() {
    await shop.settle();
    const { paid, refunded } = await client.see(`/payments/${orderId}`);
    const { items: ledger } = await client.see(`/inventory/${bookId}/movements`);
    const { points, items: earned } = await client.see(`/loyalty/${email}`);
    const { items: letters } = await client.see(`/notifications?orderId=${orderId}`);
    return {
      order: (await client.see(`/orders/${orderId}`)).status,
      stock: await client.stock(bookId),
      ledger: ledger.map(({ kind, quantity, reserved }: Json) => [kind, quantity, reserved]),
      money: [paid, refunded],
      givenBack: booksOf(shop).flatMap((line) => (line.orderId === orderId ? line.amount : [])),
      points: [points, ...earned.map((entry: Json) => entry.points)],
      letters: letters.map(({ kind, status }: Json) => [kind, status]),
      shipment: (await client.see(`/shipments/${orderId}`)).status,
    };
  }
  const letters = (...kinds: string[]) => kinds.map((kind) => [`order-${kind}`, 'SENT']);

  const RETURNED = {
    order: 'RETURNED',
    stock: [10, 0, 10],
    ledger: [
      ['opened', 10, 0],
      ['reserved', 0, 3],
      ['shipped', -3, -3],
      ['returned', 3, 0],
    ],
    money: [usd(38.97), usd(38.97)],
    givenBack: [{ amount: 3897, currency: 'USD' }],
    points: [0, 38, -38],
    // Whoever returns an order has told the shop, and needs no letter about it.
    letters: letters('placed', 'confirmed', 'shipped', 'delivered'),
    shipment: 'RETURNED',
  };
  const CANCELLED = {
    order: 'CANCELLED',
    stock: [10, 0, 10],
    ledger: [
      ['opened', 10, 0],
      ['reserved', 0, 3],
      ['released', 0, -3],
    ],
    money: [usd(38.97), usd(38.97)],
    givenBack: [{ amount: 3897, currency: 'USD' }],
    points: [0, 38, -38],
    letters: letters('placed', 'confirmed', 'cancelled'),
    shipment: 'CALLED_OFF',
  };

  it('is sold as long as it is not: the copies are gone, the shop has the money, the customer the points', async () => {
    await client.move(orderId, 'ship', 'deliver');
    expect(await traces()).toEqual({
      ...RETURNED,
      order: 'DELIVERED',
      stock: [7, 0, 7],
      ledger: RETURNED.ledger.slice(0, 3),
      money: [usd(38.97), usd(0)],
      givenBack: [],
      points: [38, 38],
      shipment: 'DELIVERED',
    });
  });

  it.each<[Move, Move[], object]>([
    ['return', ['ship', 'deliver'], RETURNED],
    ['cancel', [], CANCELLED],
  ])(
    'copies, money and points go back once when it takes the move %s, and no other move follows',
    async (move, way, all) => {
      await client.move(orderId, ...way, move);
      expect(await traces()).toEqual(all);

      const before = await everythingStored(shop);
      for (const other of Object.keys(MOVES) as Move[]) {
        const { status, code, details } = problemOf(await client.post(`/orders/${orderId}/${other}`, MOVES[other]));
        expect([other, status, code]).toEqual([other, 409, 'order-state-forbids']);
        expect(details).toMatchObject({ status: (all as typeof RETURNED).order });
      }
      expect(await everythingStored(shop)).toEqual(before);
    },
  );

  it('goes back once, even if ten people return it in the same moment', async () => {
    await client.move(orderId, 'ship', 'deliver');
    const people = Array.from({ length: 10 }, () => new Client(shop));
    const answers = await Promise.all(people.map((one) => one.post(`/orders/${orderId}/return`, MOVES.return)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
    expect(await traces()).toEqual(RETURNED);
  });

  it.each<[string, Move, Move[], object]>([
    ['inventory.take-back-stock', 'return', ['ship', 'deliver'], RETURNED],
    ['payments.expect-payment', 'return', ['ship', 'deliver'], RETURNED],
    ['payments.give-back', 'return', ['ship', 'deliver'], RETURNED],
    ['loyalty.award-points', 'return', ['ship', 'deliver'], RETURNED],
    ['inventory.release-stock', 'cancel', [], CANCELLED],
  ])('goes back once, even if %s hears of the %s twice', async (name, move, way, all) => {
    await client.move(orderId, ...way);
    const outside = name === 'payments.give-back' ? keysOf(watchRefunds(shop)) : undefined;
    await expectIdempotent(shop, name, () => client.move(orderId, move), { outside });
    expect(await traces()).toEqual(all);
  });
});

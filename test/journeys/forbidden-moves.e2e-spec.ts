import { Bookshelf } from '../support/bookshelf';
import { Client, everythingStored, MOVES, nobody, problemOf, type Move } from '../support/client';

/** How an order gets into each state, and what it may do there. */
const STATES: Readonly<Record<string, { way: readonly Move[]; open: readonly Move[] }>> = {
  PENDING: { way: [], open: ['confirm', 'cancel'] },
  CONFIRMED: { way: ['confirm'], open: ['ship', 'cancel'] },
  SHIPPED: { way: ['confirm', 'ship'], open: ['deliver'] },
  DELIVERED: { way: ['confirm', 'ship', 'deliver'], open: ['return'] },
  CANCELLED: { way: ['cancel'], open: [] },
  RETURNED: { way: ['confirm', 'ship', 'deliver', 'return'], open: [] },
};
const ALL = Object.keys(MOVES) as Move[];
const PARTICIPLE: Readonly<Record<Move, string>> = {
  confirm: 'confirmed',
  ship: 'shipped',
  deliver: 'delivered',
  cancel: 'cancelled',
  return: 'returned',
};
const forbidden = Object.entries(STATES).flatMap(([state, { way, open }]) =>
  ALL.filter((move) => !open.includes(move)).map((move) => ({ state, way, move })),
);
const allowed = Object.entries(STATES).flatMap(([state, { way, open }]) => open.map((move) => ({ state, way, move })));

describe('An order', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start({ environment: { INITIAL_STOCK: '1000' } });
    client = new Client(shop);
    bookId = await client.addBook();
  });
  afterAll(() => shop.close());

  const orderIn = async (way: readonly Move[]): Promise<string> => {
    const orderId = await client.order({ [bookId]: 2 });
    await client.move(orderId, ...way);
    return orderId;
  };

  it.each(forbidden)('that is $state refuses to $move: nothing happens, and nothing is stored', async (example) => {
    const { state, way, move } = example;
    const orderId = await orderIn(way);
    const before = await everythingStored(shop);

    const answer = await client.post(`/orders/${orderId}/${move}`, MOVES[move]);

    expect(problemOf(answer)).toMatchObject({
      status: 409,
      code: 'order-state-forbids',
      detail: `order ${orderId} cannot be ${PARTICIPLE[move]}: it is ${state}`,
      details: { status: state },
    });
    expect(await client.see(`/orders/${orderId}`)).toMatchObject({ status: state });
    expect(await everythingStored(shop)).toEqual(before);
  });

  it.each(allowed)('that is $state may $move', async ({ way, move }) => {
    const orderId = await orderIn(way);
    const answer = await client.post(`/orders/${orderId}/${move}`, MOVES[move]);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: orderId, status: PARTICIPLE[move].toUpperCase() });
  });

  it.each(ALL)('that does not exist cannot %s', async (move) => {
    const before = await everythingStored(shop);
    expect(problemOf(await client.post(`/orders/${nobody}/${move}`, MOVES[move]))).toMatchObject({
      status: 404,
      code: 'order-not-found',
      detail: `there is no order ${nobody}`,
    });
    expect(await everythingStored(shop)).toEqual(before);
  });

  it.each([['ship'], ['deliver']] as const)('is %sed once, whoever else tries in the same moment', async (move) => {
    const orderId = await orderIn(move === 'ship' ? ['confirm'] : ['confirm', 'ship']);
    const tries = Array.from({ length: 8 }, () => client.post(`/orders/${orderId}/${move}`, MOVES[move]));
    const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
    const { items } = await client.see(`/events?stream=orders.order/${orderId}`);
    expect(items).toHaveLength(move === 'ship' ? 3 : 4);
  });
});

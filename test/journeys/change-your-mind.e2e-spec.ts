import { Bookshelf } from '../support/bookshelf';
import { Client, everythingStored, MOVES, problemOf, type Json } from '../support/client';

describe('Changing your mind', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;
  let orderId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start();
  });
  beforeEach(async () => {
    client = new Client(shop);
    bookId = await client.addBook();
    orderId = await client.order({ [bookId]: 3 });
  });
  afterAll(() => shop.close());

  const ledger = async (): Promise<[string, number, number][]> => {
    await shop.settle();
    const { items } = await client.see(`/inventory/${bookId}/movements`);
    return items.map(({ kind, quantity, reserved }: Json) => [kind, quantity, reserved]);
  };

  it('gives the copies of a cancelled order back to the shelf, and keeps the reason', async () => {
    const answer = await client.post(`/orders/${orderId}/cancel`, { reason: '  found it at home ' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: orderId, status: 'CANCELLED', reason: 'found it at home' });
    expect(await client.stock(bookId)).toEqual([10, 0, 10]);
    expect(await ledger()).toEqual([
      ['opened', 10, 0],
      ['reserved', 0, 3],
      ['released', 0, -3],
    ]);
  });

  it('is possible until the order is shipped', async () => {
    await client.move(orderId, 'confirm', 'cancel');
    expect(await client.stock(bookId)).toEqual([10, 0, 10]);
    expect(await client.see(`/orders/${orderId}`)).toMatchObject({ status: 'CANCELLED', reason: MOVES.cancel.reason });
  });

  it('gives the copies back once, even if the order is cancelled again', async () => {
    await client.move(orderId, 'cancel');
    const before = await everythingStored(shop);
    const again = problemOf(await client.post(`/orders/${orderId}/cancel`, MOVES.cancel));
    expect(again).toMatchObject({ status: 409, code: 'order-state-forbids' });
    expect(again.detail).toBe(`order ${orderId} cannot be cancelled: it is CANCELLED`);
    expect(await everythingStored(shop)).toEqual(before);
    expect(await client.stock(bookId)).toEqual([10, 0, 10]);
  });

  it('gives them back once, even if ten people cancel it in the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => new Client(shop).post(`/orders/${orderId}/cancel`, MOVES.cancel)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
    expect((await ledger()).filter(([kind]) => kind === 'released')).toEqual([['released', 0, -3]]);
  });

  it('gives back the copies of that order and of no other', async () => {
    const other = await client.order({ [bookId]: 2 });
    await client.move(orderId, 'cancel');
    expect(await client.stock(bookId)).toEqual([10, 2, 8]);
    await client.move(other, 'confirm', 'ship');
    expect(await client.stock(bookId)).toEqual([8, 0, 8]);
  });

  it('gives back every book of the order', async () => {
    const second = await client.addBook({ title: 'Tender Is the Night' });
    const both = await client.order({ [bookId]: 1, [second]: 4 });
    expect([await client.stock(bookId), await client.stock(second)]).toEqual([
      [10, 4, 6],
      [10, 4, 6],
    ]);
    await client.move(both, 'cancel');
    expect([await client.stock(bookId), await client.stock(second)]).toEqual([
      [10, 3, 7],
      [10, 0, 10],
    ]);
  });

  it('brings the copies of a returned order back, after they have left the shelf', async () => {
    await client.move(orderId, 'confirm', 'ship', 'deliver');
    expect(await client.stock(bookId)).toEqual([7, 0, 7]);
    const answer = await client.post(`/orders/${orderId}/return`, { reason: 'not my taste' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'RETURNED', reason: 'not my taste', shipment: MOVES.ship });
    expect(await client.stock(bookId)).toEqual([10, 0, 10]);
    expect(await ledger()).toEqual([
      ['opened', 10, 0],
      ['reserved', 0, 3],
      ['shipped', -3, -3],
      ['returned', 3, 0],
    ]);
  });

  it('is told in the timeline, with the reason', async () => {
    await client.move(orderId, 'cancel');
    await shop.settle();
    const { items } = await client.see(`/orders/${orderId}/timeline`);
    expect(items.map(({ type }: Json) => type)).toEqual(['orders.order-placed', 'orders.order-cancelled']);
    expect(items[1].facts).toMatchObject({ orderId, reason: MOVES.cancel.reason });
    expect(items[1].reactions).toEqual(
      expect.arrayContaining([expect.objectContaining({ reaction: 'inventory.release-stock', state: 'done' })]),
    );
  });

  it('finds orders by what has become of them', async () => {
    await client.move(orderId, 'cancel');
    const pending = await client.order({ [bookId]: 1 });
    const idsOf = ({ items }: Json): string[] => items.map(({ id }: Json) => id);
    const cancelled = idsOf(await client.see('/orders?status=CANCELLED&limit=200'));
    expect(cancelled).toContain(orderId);
    expect(cancelled).not.toContain(pending);
    expect(idsOf(await client.see('/orders?status=PENDING&limit=200'))).toContain(pending);
    expect(idsOf(await client.see('/orders?email=alice@example.com&limit=200'))).toContain(pending);
    expect(await client.see('/orders?email=bob@example.com')).toEqual({ items: [] });
  });
});

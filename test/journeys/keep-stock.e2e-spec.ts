import { Bookshelf } from '../support/bookshelf';
import { Client, everythingStored, nobody, problemOf, type Json } from '../support/client';

describe('Keeping stock', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start();
  });
  beforeEach(async () => {
    client = new Client(shop);
    bookId = await client.addBook();
  });
  afterAll(() => shop.close());

  it('corrects the stock after a count, up and down', async () => {
    const answer = await client.post(`/inventory/${bookId}/adjustments`, { amount: 5, reason: 'found in the cellar' });
    expect(answer.status).toBe(201);
    expect(Number(answer.get('event-position'))).toBeGreaterThan(0);
    expect(answer.body).toEqual({
      bookId,
      title: 'The Great Gatsby',
      quantity: 15,
      reserved: 0,
      available: 15,
    });
    await client.adjust(bookId, -12, 'water damage');
    expect(await client.stock(bookId)).toEqual([3, 0, 3]);
  });

  it('takes away no copy that is set aside for an order', async () => {
    await client.order({ [bookId]: 4 });
    const before = await everythingStored(shop);
    const answer = await client.post(`/inventory/${bookId}/adjustments`, { amount: -7, reason: 'theft' });
    expect(problemOf(answer)).toMatchObject({
      status: 409,
      code: 'stock-below-reserved',
      detail: `stock of book ${bookId} cannot be adjusted by -7: there are 10 copies, 4 of them reserved`,
      details: { bookId, amount: -7, quantity: 10, reserved: 4 },
    });
    expect(await everythingStored(shop)).toEqual(before);
    await client.adjust(bookId, -6);
    expect(await client.stock(bookId)).toEqual([4, 4, 0]);
  });

  it('does not count further than it can', async () => {
    const before = await everythingStored(shop);
    const answer = await client.post(`/inventory/${bookId}/adjustments`, { amount: 1_000_000_000, reason: 'a typo' });
    expect(problemOf(answer)).toMatchObject({ status: 409, code: 'stock-above-limit' });
    expect(await everythingStored(shop)).toEqual(before);
  });

  it('does not adjust by nothing', async () => {
    const answer = await client.post(`/inventory/${bookId}/adjustments`, { amount: 0, reason: 'counted' });
    expect(problemOf(answer)).toMatchObject({ status: 400, errors: [{ path: 'amount', message: 'must not be 0' }] });
  });

  it('writes a line for every change, with its cause, and the lines add up to the stock', async () => {
    const orderId = await client.order({ [bookId]: 2 });
    await client.adjust(bookId, -1, 'water damage');
    await client.move(orderId, 'confirm', 'ship', 'deliver', 'return');
    await client.move(await client.order({ [bookId]: 3 }), 'cancel');
    await client.order({ [bookId]: 5 });
    await shop.settle();

    const { items } = await client.see(`/inventory/${bookId}/movements`);
    expect(items.map(({ kind, quantity, reserved }: Json) => [kind, quantity, reserved])).toEqual([
      ['opened', 10, 0],
      ['reserved', 0, 2],
      ['adjusted', -1, 0],
      ['shipped', -2, -2],
      ['returned', 2, 0],
      ['reserved', 0, 3],
      ['released', 0, -3],
      ['reserved', 0, 5],
    ]);
    expect(items[1]).toEqual({
      id: expect.any(String),
      kind: 'reserved',
      quantity: 0,
      reserved: 2,
      orderId,
      movedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(items[2]).toMatchObject({ reason: 'water damage' });
    const sum = (field: string): number => items.reduce((total: number, line: Json) => total + line[field], 0);
    expect(await client.stock(bookId)).toEqual([sum('quantity'), sum('reserved'), sum('quantity') - sum('reserved')]);
  });

  it('shows the ledger page by page, without losing or repeating a line that is written in between', async () => {
    for (const amount of [1, 2, 3, 4]) await client.adjust(bookId, amount);
    const first = await client.see(`/inventory/${bookId}/movements?limit=2`);
    await client.adjust(bookId, 5);
    const second = await client.see(`/inventory/${bookId}/movements?limit=2&cursor=${first.next}`);
    const third = await client.see(`/inventory/${bookId}/movements?limit=2&cursor=${second.next}`);
    const lines = [first, second, third].flatMap(({ items }) => items.map(({ quantity }: Json) => quantity));
    expect(lines).toEqual([10, 1, 2, 3, 4, 5]);
    expect(third.next).toBeUndefined();
  });

  it('keeps every correction of ten that come in the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.post(`/inventory/${bookId}/adjustments`, { amount: -1, reason: 'sold' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
    expect(await client.stock(bookId)).toEqual([0, 0, 0]);
  });

  it('lists the stock of every book, page by page', async () => {
    const other = await client.addBook({ title: 'Tender Is the Night' });
    await client.see(`/inventory/${other}`);
    const titles: string[] = [];
    let cursor = '';
    do {
      const page = await client.see(`/inventory?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(page.items.length).toBeLessThanOrEqual(2);
      titles.push(...page.items.map(({ bookId, available }: Json) => `${bookId} ${available}`));
      cursor = page.next ?? '';
    } while (cursor);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles.at(-2)).toBe(`${bookId} 10`);
    expect(titles.at(-1)).toBe(`${other} 10`);
  });

  it.each(['', '/movements'])(
    'has nothing at /inventory/:bookId%s for a book that it has never heard of',
    async (path) => {
      expect(problemOf(await client.get(`/inventory/${nobody}${path}`))).toMatchObject({
        status: 404,
        code: 'inventory-not-found',
        detail: `there is no stock of book ${nobody}`,
      });
    },
  );
});

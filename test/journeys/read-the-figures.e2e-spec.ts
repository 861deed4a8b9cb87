import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Client, Json, Move, problemOf } from '../support/client';
import { statusOf } from '../support/trade';

const DAY = 24 * 60 * 60 * 1000;

const usd = (amount: number) => ({ amount, currency: 'USD' });
const jpy = (amount: number) => ({ amount, currency: 'JPY' });

describe('The figures of the shop', () => {
  let shop: Bookshelf;
  let client: Client;

  afterEach(() => shop.close());

  async function open(clock?: ManualClock): Promise<void> {
    shop = await Bookshelf.start({ clock, environment: { INITIAL_STOCK: '1000' } });
    client = new Client(shop);
  }

  describe('after three days of trade', () => {
    let clock: ManualClock;
    let emma: string;
    let dune: string;
    let kokoro: string;

    /**
     *            placed                                            gone again
     * 1 January  3 Emma at 0.10 and 1 Dune at 12.99   13.29 USD
     *            1 Emma                                0.10 USD
     *            2 Kokoro at 900                       1800 JPY
     * 2 January  2 Dune                               25.98 USD    the order of one Emma is cancelled
     * 3 January  1 Emma                                0.10 USD    the first order is returned
     */
    beforeEach(async () => {
      clock = new ManualClock();
      await open(clock);
      emma = await client.addBook({ title: 'Emma', price: usd(0.1) });
      dune = await client.addBook({ title: 'Dune', price: usd(12.99) });
      kokoro = await client.addBook({ title: 'Kokoro', price: jpy(900) });
      const first = await client.order({ [emma]: 3, [dune]: 1 });
      const second = await client.order({ [emma]: 1 });
      await client.order({ [kokoro]: 2 });
      clock.advance(DAY);
      await client.move(second, 'cancel');
      await client.order({ [dune]: 2 });
      await client.move(first, 'confirm', 'ship', 'deliver');
      clock.advance(DAY);
      await client.move(first, 'return');
      await client.order({ [emma]: 1 });
    });

    const FIRST_JPY = {
      ...{ day: '2026-01-01', currency: 'JPY', orders: { placed: 1, cancelled: 0, returned: 0 }, copies: 2 },
      revenue: { placed: jpy(1800), cancelled: jpy(0), returned: jpy(0), net: jpy(1800) },
    };
    const FIRST_USD = {
      ...{ day: '2026-01-01', currency: 'USD', orders: { placed: 2, cancelled: 0, returned: 0 }, copies: 5 },
      revenue: { placed: usd(13.39), cancelled: usd(0), returned: usd(0), net: usd(13.39) },
    };
    const SECOND = {
      ...{ day: '2026-01-02', currency: 'USD', orders: { placed: 1, cancelled: 1, returned: 0 }, copies: 2 },
      revenue: { placed: usd(25.98), cancelled: usd(0.1), returned: usd(0), net: usd(25.88) },
    };
    const THIRD = {
      ...{ day: '2026-01-03', currency: 'USD', orders: { placed: 1, cancelled: 0, returned: 1 }, copies: 1 },
      revenue: { placed: usd(0.1), cancelled: usd(0), returned: usd(13.29), net: usd(-13.19) },
    };

    it('tell what was sold on each day in each currency, and what all of it comes to', async () => {
      expect(await client.see('/analytics/sales?from=2026-01-01&to=2026-01-03')).toEqual({
        from: '2026-01-01',
        to: '2026-01-03',
        items: [FIRST_JPY, FIRST_USD, SECOND, THIRD],
        totals: [
          {
            ...{ currency: 'JPY', orders: { placed: 1, cancelled: 0, returned: 0 }, copies: 2 },
            revenue: { placed: jpy(1800), cancelled: jpy(0), returned: jpy(0), net: jpy(1800) },
          },
          {
            ...{ currency: 'USD', orders: { placed: 4, cancelled: 1, returned: 1 }, copies: 8 },
            revenue: { placed: usd(39.47), cancelled: usd(0.1), returned: usd(13.29), net: usd(26.08) },
          },
        ],
      });
    });

    it('tell of the last thirty days unless told otherwise', async () => {
      const { from, to, items } = await client.see('/analytics/sales');
      expect([from, to]).toEqual(['2025-12-05', '2026-01-03']);
      expect(items).toEqual([FIRST_JPY, FIRST_USD, SECOND, THIRD]);
      clock.advance(28 * DAY);
      expect((await client.see('/analytics/sales')).items).toEqual([SECOND, THIRD]);
    });

    it('tell of one day, or of days on which nothing happened', async () => {
      const second = await client.see('/analytics/sales?from=2026-01-02&to=2026-01-02');
      expect(second.items).toEqual([SECOND]);
      expect(second.totals).toEqual([{ ...SECOND, day: undefined }]);
      const later = await client.see('/analytics/sales?from=2026-01-04&to=2026-02-01');
      expect([later.items, later.totals]).toEqual([[], []]);
    });

    it('come in pages, each with what the whole range comes to', async () => {
      const pages: Json[] = [await client.see('/analytics/sales?limit=1')];
      while (pages.at(-1).next) pages.push(await client.see(`/analytics/sales?limit=1&cursor=${pages.at(-1).next}`));
      expect(pages.map(({ items }) => items)).toEqual([[FIRST_JPY], [FIRST_USD], [SECOND], [THIRD]]);
      expect(new Set(pages.map(({ totals }) => JSON.stringify(totals))).size).toBe(1);
    });

    /** Title, copies and revenue of each, best first. */
    const bestOf = async (query = ''): Promise<unknown[]> =>
      (await client.see(`/analytics/best-sellers${query}`)).items.map(({ title, copies, revenue }: Json) => [
        title,
        copies,
        revenue,
      ]);

    it('rank the books by the copies that were sold and kept; of equal ones the newer is first', async () => {
      // Emma: 3 + 1 - 1 - 3 + 1. Dune: 1 + 2 - 1.
      const ranking = [
        ['Kokoro', 2, [jpy(1800)]],
        ['Dune', 2, [usd(25.98)]],
        ['Emma', 1, [usd(0.1)]],
      ];
      for (const period of ['', '?period=2026', '?period=2026-01']) {
        expect([period, await bestOf(period)]).toEqual([period, ranking]);
      }
      expect(await bestOf('?period=2025')).toEqual([]);
      const { items } = await client.see('/analytics/best-sellers');
      expect(items.map(({ bookId }: Json) => bookId)).toEqual([kokoro, dune, emma]);
    });

    it('rank the books of a day by what happened on it', async () => {
      expect(await bestOf('?period=2026-01-01')).toEqual([
        ['Emma', 4, [usd(0.4)]],
        ['Kokoro', 2, [jpy(1800)]],
        ['Dune', 1, [usd(12.99)]],
      ]);
      expect(await bestOf('?period=2026-01-02')).toEqual([['Dune', 2, [usd(25.98)]]]);
      // Emma: 1 - 3. Dune: -1.
      expect(await bestOf('?period=2026-01-03')).toEqual([]);
    });

    it('rank page by page', async () => {
      const first = await client.see('/analytics/best-sellers?limit=1');
      const second = await client.see(`/analytics/best-sellers?limit=1&cursor=${first.next}`);
      const third = await client.see(`/analytics/best-sellers?limit=1&cursor=${second.next}`);
      const titles = [first, second, third].flatMap(({ items }) => items.map(({ title }: Json) => title));
      expect([titles, third.next]).toEqual([['Kokoro', 'Dune', 'Emma'], undefined]);
    });

    it('tell how far orders have come', async () => {
      expect(await client.see('/analytics/funnel')).toEqual({
        ...{ placed: 5, confirmed: 1, shipped: 1, delivered: 1, cancelled: 1, returned: 1 },
      });
    });

    it('call a book what it was called when it was last ordered, and keep each currency by itself', async () => {
      await client.post(`/books/${kokoro}/revise`, { title: 'こころ' });
      await client.post(`/books/${kokoro}/price`, { price: usd(9.5) });
      expect((await bestOf())[0]).toEqual(['Kokoro', 2, [jpy(1800)]]);
      const order = await client.order({ [kokoro]: 3 });
      expect((await bestOf())[0]).toEqual(['こころ', 5, [jpy(1800), usd(28.5)]]);
      await client.move(order, 'cancel');
      expect((await bestOf())[0]).toEqual(['こころ', 2, [jpy(1800), usd(0)]]);
    });
  });

  it('are nought before the first order', async () => {
    await open();
    expect(await client.see('/analytics/sales')).toMatchObject({ items: [], totals: [] });
    expect(await client.see('/analytics/best-sellers')).toEqual({ items: [] });
    expect(await client.see('/analytics/funnel')).toEqual({
      ...{ placed: 0, confirmed: 0, shipped: 0, delivered: 0, cancelled: 0, returned: 0 },
    });
  });

  it('are refused for a range that is none, or too long, naming the field', async () => {
    await open(new ManualClock());
    for (const [query, errors] of [
      ['from=2026-01-02&to=2026-01-01', [['from', 'must not come after the last day, 2026-01-01']]],
      ['from=2026-01-02', [['from', 'must not come after the last day, 2026-01-01']]],
      ['from=2024-12-31', [['from', 'must be at most 365 days before the last day, 2026-01-01']]],
      ['from=2026-02-30', [['from', 'must be a day such as 2026-12-24']]],
      ['from=2026-01-01T00:00:00Z&to=', ['from', 'to'].map((field) => [field, 'must be a day such as 2026-12-24'])],
      ['from=2026-01-01&from=2026-01-02', [['from', 'must be a day such as 2026-12-24']]],
    ] as const) {
      const problem = problemOf(await client.get(`/analytics/sales?${query}`));
      expect([query, problem.status, problem.errors?.map(({ path, message }) => [path, message])]).toEqual([
        query,
        400,
        errors,
      ]);
    }
    expect((await client.get('/analytics/sales?from=0001-01-01&to=0001-12-31')).status).toBe(200);
    expect((await client.get('/analytics/sales?to=0001-01-01')).status).toBe(200);
    expect((await client.get('/analytics/sales?from=9999-01-01&to=9999-12-31')).status).toBe(200);
    const { status, errors } = problemOf(await client.get('/analytics/best-sellers?period=2026-13'));
    expect([status, errors]).toEqual([
      400,
      [{ path: 'period', message: 'must be a year, a month or a day, such as 2026, 2026-11 or 2026-11-21' }],
    ]);
  });

  describe('when they are counted anew', () => {
    const NAMES = ['analytics.sales', 'analytics.best-sellers', 'analytics.funnel'];

    const counted = async (): Promise<unknown[]> =>
      Promise.all(
        [
          'SELECT * FROM analytics_day ORDER BY day, currency',
          'SELECT * FROM analytics_best_seller ORDER BY period, book_id',
          'SELECT * FROM analytics_funnel ORDER BY step',
        ].map((sql) => shop.rows(sql)),
      );

    const countAnew = (name: string) => shop.http().post(`/reactions/${name}/rebuild`).expect(202);

    const isCounted = async (name: string) => (await statusOf(shop, name)).state !== 'rebuilding';

    it('are exactly the same', async () => {
      const clock = new ManualClock();
      await open(clock);
      const books = [
        await client.addBook({ price: usd(0.1) }),
        await client.addBook({ price: usd(0.7) }),
        await client.addBook({ price: usd(33.33) }),
      ];
      const ways: readonly Move[][] = [[], ['cancel'], ['confirm', 'ship', 'deliver', 'return'], ['confirm']];
      for (let at = 0; at < 24; at++) {
        const order = await client.order({ [books[at % 3]]: (at % 7) + 1, [books[(at + 1) % 3]]: 1 });
        clock.advance(DAY / 5);
        await client.move(order, ...ways[at % 4]);
      }
      await shop.settle();
      const before = await counted();
      expect(before.map((rows) => (rows as unknown[]).length > 3)).toEqual([true, true, true]);
      for (const name of NAMES) {
        await countAnew(name);
        await shop.until(`${name} is counted anew`, () => isCounted(name));
      }
      expect(await counted()).toEqual(before);
    });

    it('are read meanwhile, and miss no order that is placed meanwhile', async () => {
      await open();
      const book = await client.addBook();
      const order = () => client.order({ [book]: 1 });
      await Promise.all(Array.from({ length: 120 }, order));
      await shop.settle();
      await Promise.all(NAMES.map(countAnew));
      const more = Promise.all(Array.from({ length: 10 }, order));
      const seen: number[][] = [];
      await shop.until('they are counted anew', async () => {
        const [[best], [day], funnel] = await Promise.all([
          shop
            .http()
            .get('/analytics/best-sellers')
            .then(({ body }): Json[] => body.items),
          shop
            .http()
            .get('/analytics/sales')
            .then(({ body }): Json[] => body.totals),
          shop
            .http()
            .get('/analytics/funnel')
            .then(({ body }): Json => body),
        ]);
        seen.push([best.copies, day.copies, funnel.placed]);
        return (await Promise.all(NAMES.map(isCounted))).every(Boolean);
      });
      await more;
      expect(seen.flat().filter((copies) => copies < 120 || copies > 130)).toEqual([]);
      await shop.settle();
      expect((await client.see('/analytics/best-sellers')).items[0].copies).toBe(130);
      expect((await client.see('/analytics/sales')).totals[0].copies).toBe(130);
      expect((await client.see('/analytics/funnel')).placed).toBe(130);
    });
  });
});

import { RuleRepository } from '../src/alerts/persistence/rule.repository';
import { BrowseBooksHandler } from '../src/catalog/queries/browse-books.query';
import type { Parameter } from '../src/platform/database/connection';
import { SqliteConnection } from '../src/platform/database/sqlite-connection';
import { LoyaltyModule } from '../src/loyalty/loyalty.module';
import { BackfillRehearsals } from '../src/platform/reactions/backfill-rehearsals';
import { Reactions } from '../src/platform/reactions/reactions.service';
import { Bookshelf } from './support/bookshelf';
import { bookRequest, Client, gatsby, nobody } from './support/client';
import { pay } from './support/payments';
import { shopWithout } from './support/trade';

/**
 * Tables that grow with the trade, by name or as a statement calls them. The others hold a row for each reaction, what
 * reactions have put aside, or, as the funnel of orders does and the minutes of an hour do, so and so many rows.
 */
const GROWS =
  /^(event_log|reaction_batch|(catalog|orders|inventory|notifications|loyalty|payments|recommendations|shipping|waiting_list)_\w+|analytics_(?!funnel)\w+|alerts_(?!metric|minute)\w+|found|pair|other|rule|alert|copies)$/;

/** One line of what SQLite says it would do. */
const PLAN = /^(?<how>SCAN|SEARCH) (?<what>\w+)/;

/** The books of a price, found without a look at a book. */
const BY_PRICE = /^SEARCH catalog_browse USING COVERING INDEX catalog_browse_price \(price_currency=\? AND in_stock=\?/;

/** The statement that counts what another one sorts for a page. */
function countOf(sql: string): string {
  const [, conditions = ''] = /\(SELECT book_id FROM catalog_browse WHERE (.*?) ORDER BY/.exec(sql) ?? [];
  const range = conditions.replace(/book_id \|\| '' > \$\d+ AND /, '');
  let at = 0;
  const numbered = range.replace(/\$\d+/g, () => `$${++at}`);
  return `SELECT count(*) AS "count" FROM (SELECT 1 FROM catalog_browse WHERE ${numbered} LIMIT $${at + 1}) AS counted`;
}

const PRICES = [
  'currency=USD',
  'minPrice=1&maxPrice=20&currency=USD',
  'minPrice=1&currency=USD&inStock=true',
  'maxPrice=20&currency=USD&inStock=false',
  'minPrice=1&maxPrice=20&currency=USD&author=F.%20Scott%20Fitzgerald',
  'minPrice=1&maxPrice=20&currency=USD&author=F.%20Scott%20Fitzgerald&inStock=true',
  'minPrice=1&maxPrice=20&currency=USD&search=gats',
  'minPrice=1&maxPrice=20&currency=USD&search=gats&author=F.%20Scott%20Fitzgerald&inStock=true',
].map((query) => `/books?${query}&limit=1`);

const sent = new Map<string, readonly Parameter[]>();

/** Notes in `sent` what statements are sent from now on, and with which parameters. */
function noteStatements(): void {
  for (const method of ['all', 'run'] as const) {
    const original = SqliteConnection.prototype[method] as (sql: string, bound?: readonly Parameter[]) => never;
    jest.spyOn(SqliteConnection.prototype, method).mockImplementation(function (
      this: SqliteConnection,
      sql: string,
      bound: readonly Parameter[] = [],
    ): never {
      sent.set(sql, bound);
      return original.call(this, sql, bound);
    });
  }
}

describe('No query looks through a whole table', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
    noteStatements();
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await shop.close();
  });

  /** What the statements that are sent while `work` is done look through without an index, or have to sort. */
  async function slowPartsOf(work: () => Promise<unknown>): Promise<string[]> {
    sent.clear();
    await work();
    await shop.settle();
    const statements = [...sent].filter(([sql]) => /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/i.test(sql));
    // Otherwise nothing is proved.
    expect(statements.length).toBeGreaterThan(50);
    const slow: string[] = [];
    for (const [sql, bound] of statements) {
      const plan = await shop.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, bound as string[]);
      const details = plan.map(({ detail }) => detail);
      const tables = details.map((detail) => PLAN.exec(detail)?.groups ?? {}).filter(({ what }) => GROWS.test(what));
      const sorts = details.some((detail) => detail.includes('TEMP B-TREE FOR ORDER BY'));
      // Those that are named by their keys are as many as were asked for.
      const isOfSome = sql.includes('json_each($1)');
      // What comes in its order, and is cut short, costs no more than what is shown.
      const isCutShort = /\bLIMIT\b|\b(min|max)\(position\)/.test(sql) && !sorts;
      // Those of a price have been counted before, no further than to so many as may be sorted.
      const isCounted = details.some((detail) => BY_PRICE.test(detail)) && sent.has(countOf(sql));
      const isSlow =
        tables.some(({ how }) => how === 'SCAN' && !isCutShort) || (tables.length && sorts && !isOfSome && !isCounted);
      if (isSlow) slow.push(`${sql}\n${details.join('\n')}`);
    }
    return slow;
  }

  /** Drafts rules, and lets them watch. @returns their ids */
  async function watch(...rules: readonly object[]): Promise<string[]> {
    const ids: string[] = [];
    for (const rule of rules) ids.push((await client.post('/alerts/rules', rule)).body.id);
    for (const id of ids) expect((await client.post(`/alerts/rules/${id}/activate`)).status).toBe(200);
    return ids;
  }

  it('when books are added, sold, sent, given back and looked at', async () => {
    const slow = await slowPartsOf(async () => {
      const id = await client.addBook(gatsby);
      const rules = await watch(
        { metric: 'available-copies', comparison: 'below', threshold: 50 },
        { metric: 'available-copies', comparison: 'above', threshold: 5, bookId: id },
        { metric: 'available-copies', comparison: 'above', threshold: 20 },
        { metric: 'orders-per-hour', comparison: 'above', threshold: 1 },
        { metric: 'revenue-per-day', comparison: 'above', threshold: 1 },
      );
      const waiting = await client.post(`/books/${id}/waiting-list`, { email: 'alice@example.com' });
      const answers = [
        await client.post('/books', bookRequest('Refused', gatsby.isbn)),
        await client.post(`/books/${id}/revise`, { title: 'The Gatsby' }),
        await client.post(`/books/${id}/price`, { price: { amount: 3, currency: 'USD' } }),
        await client.post(`/books/${id}/publish`),
        await client.delete(`/books/${id}/waiting-list/${waiting.body.id}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([409, 200, 200, 200, 204]);
      await client.addBook({ publishAt: '2000-01-01T00:00:00Z' });
      await shop.http().post('/books/publish').buffer(true).send({ all: true }).expect(200);
      await client.adjust(id, 5);
      const order = await client.order({ [id]: 2 });
      await client.move(order, 'confirm', 'ship', 'deliver', 'return');
      const other = await client.addBook();
      await client.move(await client.order({ [id]: 1, [other]: 1 }), 'cancel');
      await client.move(await client.order({ [id]: 1, [other]: 1 }), 'confirm');
      await client.move(await client.order({ [id]: 1, [await client.addBook()]: 1 }), 'confirm');
      await client.move(await client.order({ [id]: 1 }), 'cancel');
      for (const amount of [1, 2]) await pay(client, order, amount);
      await client.post(`/alerts/rules/${rules[0]}/retire`);
      await client.post(`/books/${other}/withdraw`);
      await shop.work.run('test', () => shop.get(RuleRepository).subjectsOf('revenue-per-day'));
      await shop.settle();
      const letters = await client.see(`/notifications?orderId=${order}&limit=1`);
      await client.post(`/notifications/${letters.items[0].id}/resend`);
      for (const path of [
        '/notifications?limit=1',
        `/notifications?orderId=${order}&limit=1`,
        `/notifications/${letters.items[0].id}`,
        '/alerts?limit=1',
        '/alerts?status=open&limit=1',
        '/alerts/rules?limit=1',
        `/alerts/rules/${rules[0]}`,
        '/books',
        '/books?search=gats',
        '/books?search=gats&author=F.%20Scott%20Fitzgerald&inStock=true',
        '/books?author=F.%20Scott%20Fitzgerald',
        '/books?inStock=false',
        '/books?author=Nobody&inStock=true',
        ...PRICES,
        `/books/${id}`,
        '/inventory',
        `/inventory/${id}`,
        `/inventory/${id}/movements`,
        '/orders',
        '/orders?status=PENDING',
        '/orders?email=alice@example.com',
        `/orders/${order}`,
        `/orders/${order}/timeline`,
        '/analytics/sales',
        '/analytics/best-sellers?limit=1',
        '/analytics/best-sellers?period=2026&limit=1',
        '/analytics/funnel',
        `/books/${id}/recommendations?limit=1`,
        `/payments/${order}`,
        '/shipments?limit=1',
        '/shipments?status=PREPARED&limit=1',
        `/shipments/${order}`,
        '/events',
        '/events?type=catalog.book-added',
        `/events?stream=catalog.book/${id}`,
        '/reactions',
        '/reactions/inventory.open-stock',
        '/reactions/inventory.open-stock/dead-letters',
        '/dead-letters',
        `/why/order/${order}`,
        `/why/inventory/${id}`,
        '/why/event/1',
        '/health/ready',
        '/metrics',
      ]) {
        const first = await client.see(path);
        if (first.next) await client.see(`${path}${path.includes('?') ? '&' : '?'}cursor=${first.next}`);
      }
      expect((await client.get(`/books/${nobody}`)).status).toBe(404);
    });
    expect(slow).toEqual([]);
  });

  it('when a reaction is handed its history, for show and in earnest', async () => {
    await shop.close();
    shop = await Bookshelf.start({ modules: shopWithout(LoyaltyModule) });
    const bookId = await new Client(shop).addBook();
    const order = await new Client(shop).order({ [bookId]: 1 });
    await shop.settle();
    await shop.stop();
    shop = await Bookshelf.start({ folder: shop.folder });
    client = new Client(shop);
    const slow = await slowPartsOf(async () => {
      const points = shop.get(Reactions).find('loyalty.award-points')!;
      await shop.get(BackfillRehearsals).rehearse(points, undefined, () => undefined);
      await client.post('/reactions/loyalty.award-points/backfill');
      await client.move(order, 'cancel');
    });
    expect(slow).toEqual([]);
    expect((await client.see('/loyalty/alice@example.com')).items).toHaveLength(2);
  });
});

describe('The books of a price are looked for', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
    for (let count = 0; count < 3; count++) await client.addBook();
    await shop.settle();
    noteStatements();
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await shop.close();
  });

  /** How the tables are looked through by the statements that are sent for a list, page by page. */
  async function plansOf(path: string): Promise<string[]> {
    sent.clear();
    const { next } = await client.see(path);
    await client.see(`${path}&cursor=${next}`);
    const lists = [...sent].filter(([sql]) => sql.includes('catalog_browse'));
    const plans = await Promise.all(
      lists.map(([sql, bound]) => shop.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, bound as string[])),
    );
    return plans.map((plan) => plan.map(({ detail }) => detail).join('\n'));
  }

  const byPrice = PRICES.slice(0, 3);
  const underPrice = expect.stringMatching(new RegExp(BY_PRICE, 'm'));

  it('by their price where they are few', async () => {
    for (const path of byPrice) {
      expect([path, await plansOf(path)]).toEqual([path, [underPrice, underPrice, underPrice]]);
    }
  });

  it('one by one where they are many, and nothing is sorted', async () => {
    const oneByOne = expect.stringMatching(
      /^(SCAN catalog_browse$|SEARCH catalog_browse USING INTEGER PRIMARY KEY)(?!.*TEMP B-TREE)/ms,
    );
    const handler = shop.get(BrowseBooksHandler);
    const { mostSorted } = handler;
    handler.mostSorted = 1;
    for (const path of byPrice) {
      expect([path, await plansOf(path)]).toEqual([path, [underPrice, oneByOne, oneByOne]]);
    }
    handler.mostSorted = mostSorted;
  });

  it('under the author where there is one', async () => {
    const byAuthor = expect.stringMatching(/^SEARCH catalog_browse USING INDEX catalog_browse_author \(author=\?/);
    expect(await plansOf(PRICES[4])).toEqual([byAuthor, byAuthor]);
  });
});

import type { Parameter } from '../src/platform/database/connection';
import { SqliteConnection } from '../src/platform/database/sqlite-connection';
import { Bookshelf } from './support/bookshelf';
import { bookRequest, Client, gatsby, nobody } from './support/client';
import { pay } from './support/payments';

/**
 * Tables that grow with the trade, by name or as a statement calls them. The others hold a row for each reaction, what
 * reactions have put aside, or, as the funnel of orders does, six rows.
 */
const GROWS =
  /^(event_log|reaction_batch|(catalog|orders|inventory|notifications|loyalty|payments|recommendations)_\w+|analytics_(?!funnel)\w+|found|pair|other)$/;

/** One line of what SQLite says it would do. */
const PLAN = /^(?<how>SCAN|SEARCH) (?<what>\w+)/;

describe('No query looks through a whole table', () => {
  let shop: Bookshelf;
  let client: Client;
  const sent = new Map<string, readonly Parameter[]>();

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
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
      const isSlow = tables.some(({ how }) => how === 'SCAN' && !isCutShort) || (tables.length && sorts && !isOfSome);
      if (isSlow) slow.push(`${sql}\n${details.join('\n')}`);
    }
    return slow;
  }

  it('when books are added, sold, sent, given back and looked at', async () => {
    const slow = await slowPartsOf(async () => {
      const id = await client.addBook(gatsby);
      const answers = [
        await client.post('/books', bookRequest('Refused', gatsby.isbn)),
        await client.post(`/books/${id}/revise`, { title: 'The Gatsby' }),
        await client.post(`/books/${id}/price`, { price: { amount: 3, currency: 'USD' } }),
        await client.post(`/books/${id}/publish`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([409, 200, 200, 200]);
      await client.adjust(id, 5);
      const order = await client.order({ [id]: 2 });
      await client.move(order, 'confirm', 'ship', 'deliver', 'return');
      const other = await client.addBook();
      await client.move(await client.order({ [id]: 1, [other]: 1 }), 'cancel');
      await client.order({ [id]: 1, [other]: 1 });
      await client.order({ [id]: 1, [await client.addBook()]: 1 });
      await client.move(await client.order({ [id]: 1 }), 'cancel');
      for (const amount of [1, 2]) await pay(client, order, amount);
      for (const path of [
        '/books',
        '/books?search=gats',
        '/books?search=gats&author=F.%20Scott%20Fitzgerald&inStock=true',
        '/books?author=F.%20Scott%20Fitzgerald',
        '/books?inStock=false',
        '/books?author=Nobody&inStock=true',
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
      ]) {
        const first = await client.see(path);
        if (first.next) await client.see(`${path}${path.includes('?') ? '&' : '?'}cursor=${first.next}`);
      }
      expect((await client.get(`/books/${nobody}`)).status).toBe(404);
    });
    expect(slow).toEqual([]);
  });
});

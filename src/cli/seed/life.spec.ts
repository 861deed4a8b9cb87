import { lifeOf, OPENING_COPIES, type Step, type Wish } from './life';
import { stockList } from './stock-list';

const WISH: Wish = {
  seed: 1,
  books: stockList([], 60, 1),
  days: 30,
  orders: 300,
  until: new Date('2026-11-21T12:00:00Z'),
};

type Kind<K extends Step['kind']> = Extract<Step, { kind: K }>;

const all = <K extends Step['kind']>(life: readonly Step[], kind: K): Kind<K>[] =>
  life.filter((step): step is Kind<K> => step.kind === kind);

describe('A life that is made up', () => {
  const life = lifeOf(WISH);
  const placed = all(life, 'order').filter(({ isRefused }) => !isRefused);

  it('is the same for the same seed, step by step and to the second, and another one for another seed', () => {
    expect(lifeOf({ ...WISH, books: stockList([], 60, 1) })).toEqual(life);
    expect(lifeOf({ ...WISH, seed: 2 })).not.toEqual(life);
    expect(stockList([], 60, 2)).not.toEqual(WISH.books);
  });

  it('goes on in the order of time, and within its days', () => {
    const times = life.map(({ at }) => at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(life[0].at.getTime()).toBeGreaterThan(Date.parse('2026-10-22T12:00:00Z'));
    expect(life.at(-1)!.at.getTime()).toBeLessThan(WISH.until.getTime());
  });

  it('has orders in every state, refusals, and everything else that happens to books', () => {
    const states = new Map<number, string>(placed.map(({ order }) => [order, 'order']));
    for (const step of life) if ('order' in step && step.kind !== 'order') states.set(step.order, step.kind);
    expect(new Set(states.values())).toEqual(new Set(['order', 'pay', 'ship', 'deliver', 'cancel', 'return']));
    expect(new Set(life.map(({ kind }) => kind)).size).toBe(12);
    expect(all(life, 'order').length).toBe(WISH.orders);
    expect(placed.length).toBeLessThan(WISH.orders);
    const paid = new Set(all(life, 'pay').map(({ order }) => order));
    expect(new Set(all(life, 'cancel').map(({ order }) => paid.has(order)))).toEqual(new Set([true, false]));
  });

  it('never sells what is not there, and refuses only what is not', () => {
    const copies = new Map<number, number>();
    const add = (book: number, count: number) => copies.set(book, (copies.get(book) ?? 0) + count);
    const lines = new Map(placed.map((order) => [order.order, order.lines]));
    let soldOut = 0;
    for (const step of life) {
      if (step.kind === 'add') add(step.book, OPENING_COPIES);
      if (step.kind === 'receive' || step.kind === 'adjust') add(step.book, step.amount);
      if (step.kind === 'cancel' || step.kind === 'return') {
        for (const { book, quantity } of lines.get(step.order)!) add(book, quantity);
      }
      if (step.kind !== 'order') continue;
      expect(step.lines.every(({ book, quantity }) => quantity <= copies.get(book)!)).toBe(!step.isRefused);
      for (const { book, quantity } of step.isRefused ? [] : step.lines) {
        add(book, -quantity);
        if (copies.get(book) === 0) soldOut++;
      }
    }
    expect(soldOut).toBeGreaterThan(0);
  });

  it('is of people who can be written to by nobody, in many scripts', () => {
    const customers = placed.map(({ customer }) => customer);
    expect(customers.filter(({ email }) => !/^[a-z][a-z.]*[a-z]\d*@example\.(com|org|net)$/i.test(email))).toEqual([]);
    const names = customers.map(({ name }) => name).join();
    for (const script of ['Latin', 'Cyrillic', 'Greek', 'Han', 'Hangul', 'Arabic', 'Hebrew', 'Devanagari']) {
      expect([script, new RegExp(`\\p{Script=${script}}`, 'u').test(names)]).toEqual([script, true]);
    }
    const byEmail = new Map<string, Set<string>>();
    for (const { name, email } of customers) {
      const key = email.toLowerCase();
      byEmail.set(key, (byEmail.get(key) ?? new Set()).add(name));
    }
    expect([...byEmail.values()].filter((known) => known.size > 1)).toEqual([]);
  });

  it('has best-sellers, books that are bought together, and busy evenings', () => {
    const sold = new Map<number, number>();
    for (const { book, quantity } of placed.flatMap(({ lines }) => lines)) {
      sold.set(book, (sold.get(book) ?? 0) + quantity);
    }
    const ranked = [...sold.values()].sort((a, b) => b - a);
    const half = ranked.reduce((sum, copies) => sum + copies, 0) / 2;
    expect(ranked.slice(0, 15).reduce((sum, copies) => sum + copies, 0)).toBeGreaterThan(half);

    const pairs = new Map<string, number>();
    for (const { lines } of placed) {
      const books = lines.map(({ book }) => book).sort((a, b) => a - b);
      for (const [at, one] of books.entries()) {
        for (const other of books.slice(at + 1)) pairs.set(`${one}/${other}`, (pairs.get(`${one}/${other}`) ?? 0) + 1);
      }
    }
    expect(Math.max(...pairs.values())).toBeGreaterThan(5);

    const within = (from: number, to: number) =>
      placed.filter(({ at }) => at.getUTCHours() >= from && at.getUTCHours() < to).length;
    expect(within(17, 23)).toBeGreaterThan(within(9, 15));
    expect(within(0, 6)).toBeLessThan(within(9, 15) / 3);
  });

  it('can be as short as a day, with one book and one order', () => {
    const short = lifeOf({ ...WISH, books: stockList([], 1, 1), days: 1, orders: 1 });
    expect(short.map(({ kind }) => kind).slice(0, 3)).toEqual(['add', 'publish', 'order']);
  });
});

describe('The list of a shop that is made up', () => {
  it('takes what a list says of a book, and makes up what it lacks', () => {
    const dune = { title: 'Dune', author: 'Frank Herbert', price: { amount: 999, currency: 'GBP' } };
    const [first, second, third] = stockList([dune, { title: 'Emma', author: 'Jane Austen' }], 3, 1);
    expect(first).toEqual(dune);
    expect(second).toEqual({ title: 'Emma', author: 'Jane Austen', price: expect.anything() });
    expect(third).toEqual({ title: 'The Last Lighthouse', author: 'Nora Ashdown', price: expect.anything() });
  });

  it('has prices in several currencies, each in as many decimals as it has, and no title twice', () => {
    const books = stockList([], 2000, 1);
    expect(new Set(books.map(({ title }) => title)).size).toBe(2000);
    expect(new Set(books.map(({ price }) => price.currency))).toEqual(new Set(['USD', 'EUR', 'JPY']));
    const yen = books.filter(({ price }) => price.currency === 'JPY').map(({ price }) => price.amount);
    expect([Math.min(...yen) >= 500, Math.max(...yen) < 10_000]).toEqual([true, true]);
    const dollars = books.filter(({ price }) => price.currency === 'USD').map(({ price }) => price.amount);
    expect([Math.min(...dollars) >= 700, Math.max(...dollars) < 8_000]).toEqual([true, true]);
  });
});

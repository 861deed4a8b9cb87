import { uuidv7 } from 'uuidv7';
import { AddBook } from '../../src/catalog/commands/add-book.command';
import { BookAdded } from '../../src/catalog/catalog.events';
import { MovementTable } from '../../src/inventory/persistence/inventory.table';
import { DeadLetterList } from '../../src/platform/reactions/dead-letter-list';
import { DeadLetters } from '../../src/platform/reactions/dead-letters';
import { Bookshelf, Settings } from '../support/bookshelf';
import { bookRequest, gatsby } from '../support/client';
import { DoHandler } from '../support/handlers';
import { reaction } from '../support/trade';

const FAST = { retry: { firstDelay: 1, longestDelay: 5 } };

describe("Exactly one effect in the database: a reaction's writes and its checkpoint are one transaction", () => {
  const open: Bookshelf[] = [];
  afterEach(async () => {
    for (const shop of open.splice(0)) await shop.close();
  });

  async function start(settings: Settings): Promise<Bookshelf> {
    const shop = await Bookshelf.start(settings);
    open.push(shop);
    return shop;
  }

  /** A shop that writes one line into a ledger for each book. Nothing in the table stops a second line. */
  async function ledger(behave: (event: BookAdded, attempt: number) => Promise<void>, folder?: string) {
    const attempts = new Map<string, number>();
    let shop: Bookshelf | undefined = undefined;
    const line = reaction(
      BookAdded,
      'test.write-line',
      async (event: BookAdded) => {
        const attempt = (attempts.get(event.bookId) ?? 0) + 1;
        attempts.set(event.bookId, attempt);
        await writeLine(shop!, event);
        await behave(event, attempt);
      },
      FAST,
    );
    shop = await start({ providers: [DoHandler, line], folder });
    return { shop, attempts };
  }

  function writeLine(shop: Bookshelf, { bookId }: BookAdded): Promise<void> {
    const line = { id: uuidv7(), bookId, kind: 'adjusted' as never, quantity: 1, reserved: 0, movedAt: 'now' };
    shop.work.insert(MovementTable, line);
    return Promise.resolve();
  }

  async function add(shop: Bookshelf, count: number, name = 'Book'): Promise<string[]> {
    const titles = Array.from({ length: count }, (_, at) => `${name} ${at}`);
    const answers = await Promise.all(
      titles.map((title) => shop.http().post('/books').send(bookRequest(title)).expect(201)),
    );
    return answers.map(({ body }) => (body as { id: string }).id);
  }

  /** How many lines of each kind there are for each book. */
  async function lines(shop: Bookshelf, kind = 'adjusted'): Promise<Record<string, number>> {
    const rows = await shop.rows<{ book: string; lines: number }>(
      'SELECT book_id AS book, count(*) AS lines FROM inventory_movement WHERE kind = $1 GROUP BY book_id',
      [kind],
    );
    return Object.fromEntries(rows.map(({ book, lines }) => [book, lines]));
  }

  const oneEach = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, 1]));
  const onlyTheFirstTime = (attempt: number, fail: () => Promise<void>) => (attempt === 1 ? fail() : Promise.resolve());

  it('an event that is handled once has one effect', async () => {
    const { shop, attempts } = await ledger(() => Promise.resolve());
    const ids = await add(shop, 30);
    await shop.settle();
    expect(await lines(shop)).toEqual(oneEach(ids));
    expect([...attempts.values()]).toEqual(ids.map(() => 1));
  });

  it('a reaction that throws after it has written is tried again, and has one effect', async () => {
    const { shop, attempts } = await ledger((_, attempt) =>
      onlyTheFirstTime(attempt, () => Promise.reject(new Error('not yet'))),
    );
    const ids = await add(shop, 10);
    await shop.settle();
    expect(await lines(shop)).toEqual(oneEach(ids));
    expect([...attempts.values()].every((count) => count > 1)).toBe(true);
  });

  it('a reaction whose writes are refused when they are sent is tried again, and has one effect', async () => {
    const { shop, attempts } = await ledger(({ bookId }, attempt) =>
      onlyTheFirstTime(attempt, () => {
        // A line without a time is refused by the database, long after the handler has ended.
        const line = { id: uuidv7(), bookId, kind: 'returned' as never, quantity: 0, reserved: 0 };
        shop.work.insert(MovementTable, line as never);
        return Promise.resolve();
      }),
    );
    const ids = await add(shop, 10);
    await shop.settle();
    expect(await lines(shop)).toEqual(oneEach(ids));
    expect(await lines(shop, 'returned')).toEqual({});
    expect([...attempts.values()].every((count) => count > 1)).toBe(true);
  });

  it('a reaction that has sent its writes before it throws is tried again, and has one effect', async () => {
    const { shop } = await ledger((_, attempt) =>
      onlyTheFirstTime(attempt, async () => {
        await shop.work.query('SELECT 1');
        throw new Error('not yet');
      }),
    );
    const ids = await add(shop, 10);
    await shop.settle();
    expect(await lines(shop)).toEqual(oneEach(ids));
  });

  it('a shop that is closed in the middle and opened again has one effect per event', async () => {
    let { shop } = await ledger(() => new Promise((resolve) => setImmediate(resolve)));
    const ids = await add(shop, 40);
    for (let again = 0; again < 3; again++) {
      await shop.stop();
      open.splice(open.indexOf(shop), 1);
      ({ shop } = await ledger(() => new Promise((resolve) => setImmediate(resolve)), shop.folder));
      ids.push(...(await add(shop, 20, `Again ${again}`)));
    }
    await shop.settle();
    expect(await lines(shop)).toEqual(oneEach(ids));
    expect(await lines(shop, 'opened')).toEqual(oneEach(ids));
  });

  it('events share a transaction, but no more of them than the reaction says', async () => {
    const any = reaction(BookAdded, 'test.any-number', () => undefined);
    const few = reaction(BookAdded, 'test.two-at-once', () => undefined, { batch: 2 });
    const shop = await start({ providers: [any, few] });
    const price = { amount: 1299, currency: 'USD' };
    await shop.work.run('test', async () => {
      for (let count = 0; count < 5; count++) await shop.send(new AddBook({ ...gatsby, isbn: undefined, price }));
    });
    await shop.settle();
    const together = async (name: string) =>
      (
        await shop.rows<{ events: number }>('SELECT events FROM reaction_batch WHERE reaction = $1 ORDER BY id', [name])
      ).map(({ events }) => events);
    expect(await together('test.any-number')).toEqual([5]);
    expect(await together('test.two-at-once')).toEqual([2, 2, 1]);
  });

  it('a dead letter that is tried again by hand has one effect', async () => {
    let broken = true;
    const { shop } = await ledger(() => (broken ? Promise.reject(new Error('out of order')) : Promise.resolve()));
    const ids = await add(shop, 3);
    await shop.settle();
    expect(await lines(shop)).toEqual({});
    const letters = await shop.get(DeadLetterList).of('test.write-line', 0, 10);
    expect(letters).toHaveLength(3);
    broken = false;
    await shop.get(DeadLetters).retry(
      'test.write-line',
      letters.map(({ position }) => position),
    );
    await shop.settle();
    expect(await lines(shop)).toEqual(oneEach(ids));
  });

  it('two programs that work on one file at once have one effect per event between them', async () => {
    const yielding = () => new Promise<void>((resolve) => setImmediate(resolve));
    const one = await ledger(yielding);
    const other = await ledger(yielding, one.shop.folder);
    const shops = [one.shop, other.shop];
    const ids: string[] = [];
    for (let round = 0; round < 12; round++) {
      // Each begins alone in its turn, as programs that wait for each other in a queue may never change places.
      shops.reverse();
      ids.push(...(await add(shops[0], 1, `Round ${round} alone`)));
      const added = await Promise.all(shops.map((shop, at) => add(shop, 5, `Round ${round} of ${at}`)));
      ids.push(...added.flat());
    }
    await Promise.all(shops.map((shop) => shop.settle()));
    expect(await lines(one.shop)).toEqual(oneEach(ids));
    expect(await lines(one.shop, 'opened')).toEqual(oneEach(ids));
    const stock = await one.shop.rows<{ quantity: number }>('SELECT quantity FROM inventory_stock');
    expect(stock.map(({ quantity }) => quantity)).toEqual(ids.map(() => 10));
    // Both had a share in the work, or this test would prove nothing.
    expect(one.attempts.size).toBeGreaterThan(0);
    expect(other.attempts.size).toBeGreaterThan(0);
  });

  it('two programs that retry the same failed events have one effect per event between them', async () => {
    let broken = true;
    const behave = () => (broken ? Promise.reject(new Error('not yet')) : Promise.resolve());
    const one = await ledger(behave);
    const other = await ledger(behave, one.shop.folder);
    const ids = await add(one.shop, 10);
    await one.shop.until('all have failed', async () => {
      const failed = await one.shop.rows(`SELECT 1 FROM reaction_deferred WHERE reaction = 'test.write-line'`);
      return failed.length === ids.length;
    });
    broken = false;
    // Those that were out of attempts before that are tried again by hand, in both shops at once.
    const letters = await one.shop.get(DeadLetterList).of('test.write-line', 0, 100);
    const positions = letters.map(({ position }) => position);
    await Promise.allSettled([one, other].map(({ shop }) => shop.get(DeadLetters).retry('test.write-line', positions)));
    await Promise.all([one, other].map(({ shop }) => shop.settle()));
    expect(await lines(one.shop)).toEqual(oneEach(ids));
  });
});

import { Doctor } from '../../src/platform/invariants/doctor';
import { Bookshelf } from '../support/bookshelf';
import { seeded } from '../../src/kernel/random';
import { newFolder, removeFolder, ShopProcess } from '../support/shop-process';
import { Trading } from '../support/trading';

/** `npm run test:crash` kills it a hundred times. */
const CYCLES = Number(process.env.CRASH_CYCLES ?? 5);
const SEED = Number(process.env.CRASH_SEED ?? Date.now());
const PEOPLE = 16;

jest.setTimeout(60_000 + CYCLES * 30_000);

describe('Nothing is lost: the process may be killed at any instant', () => {
  let folder: string;
  let random: () => number;
  beforeEach(() => {
    folder = newFolder();
    random = seeded(SEED);
  });
  afterEach(() => removeFolder(folder));

  it(`killed ${CYCLES} times in the middle of trading, it keeps what it has answered for, and every effect once (seed ${SEED})`, async () => {
    const trading = new Trading(random);
    // On a slow day a kind of work may never have come to its end: then it goes on for a while, or nothing is proved.
    for (let cycle = 0; cycle < CYCLES || (cycle < 4 * CYCLES && missing(trading).length > 0); cycle++) {
      const shop = ShopProcess.launch({ folder });
      // Now and then it dies before it is open, while it migrates or catches up.
      const early = cycle > 0 && random() < 0.2;
      await Promise.race([shop.opened(), shop.ended, ...(early ? [moments(random() * 1_500)] : [])]);
      if (!early) {
        const crowd = trading.run(shop.url, PEOPLE);
        await moments(random() * 1_500);
        await shop.kill();
        await crowd;
      }
      await shop.kill();
    }

    const shop = await Bookshelf.start({ folder });
    try {
      await shop.settle(120_000);
      await expectAcknowledged(shop, trading);
      expect(await shop.get(Doctor).examine()).toEqual([]);
    } finally {
      await shop.close();
    }
  });

  /** The moment at which a process dies is what this test is about: time is its subject. */
  const moments = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined));

  /** The kinds of work of which nothing has been acknowledged. */
  function missing({ acknowledged: { books, imported, orders, adjustments } }: Trading): string[] {
    const counts = { books: books.length, imported: imported.length, orders: orders.size, adjusted: adjustments.size };
    return Object.entries(counts).flatMap(([kind, count]) => (count === 0 ? [kind] : []));
  }

  async function expectAcknowledged(shop: Bookshelf, trading: Trading): Promise<void> {
    expect(missing(trading)).toEqual([]);
    const { acknowledged, uncertain } = trading;
    const { books, imported, orders, adjustments } = acknowledged;

    const stored = await shop.rows<{ id: string; title: string }>('SELECT id, title FROM catalog_book');
    const known = new Set(stored.flatMap(({ id, title }) => [id, title]));
    expect([...books, ...imported].filter((book) => !known.has(book))).toEqual([]);

    const states = await shop.rows<{ id: string; status: string }>('SELECT id, status FROM orders_order');
    const stateOf = new Map(states.map(({ id, status }) => [id, status]));
    const wrong = [...orders].filter(([id, { state, asked }]) => ![state, asked].includes(stateOf.get(id)));
    expect(wrong).toEqual([]);

    const sums = await shop.rows<{ book: string; sum: number }>(
      `SELECT book_id AS book, sum(quantity) AS sum FROM inventory_movement WHERE kind = 'adjusted' GROUP BY book_id`,
    );
    const sumOf = new Map(sums.map(({ book, sum }) => [book, sum]));
    const short = [...adjustments].filter(([book, sum]) =>
      uncertain.has(book) ? (sumOf.get(book) ?? 0) < sum : sumOf.get(book) !== sum,
    );
    expect(short).toEqual([]);
  }
});

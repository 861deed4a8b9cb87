import * as fc from 'fast-check';
import { BookRepriced } from '../../src/catalog/catalog.events';
import { ReactionOptions, Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { retiresReactions } from '../../src/platform/reactions/discovery';
import { DatabaseError } from '../../src/platform/database/connection';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { addBook, caughtUp, deadLettersOf, reaction, repriceBook, statusOf } from '../support/trade';

const NAME = 'posters.reprint';
const DAY = 24 * 3600_000;

/** Prints a poster for each new price; for some prices the printer fails. */
class Printer {
  printed: number[] = [];
  /** How often printing these prices still fails. */
  readonly failures = new Map<number, number>();
  readonly unprintable = new Set<number>();
  beforePrinting: (cents: number) => unknown = () => undefined;

  as = (options: ReactionOptions = {}) =>
    reaction(
      BookRepriced,
      NAME,
      async ({ price: { amount } }) => {
        await this.beforePrinting(amount);
        if (this.unprintable.has(amount)) throw new Unrecoverable('no such poster');
        const failures = this.failures.get(amount) ?? 0;
        this.failures.set(amount, failures - 1);
        if (failures > 0) throw new Error('out of paper');
        this.printed.push(amount);
      },
      options,
    );
}

const fail = () => {
  throw new Error('hands off');
};

function ownCause(): Error {
  const error = new Error('no');
  error.cause = error;
  return error;
}

describe('Order per stream: a reaction sees the events of one stream in order', () => {
  let shop: Bookshelf;
  let clock: ManualClock;
  let printer: Printer;
  let emma: string;
  let ulysses: string;

  async function open(options: ReactionOptions = {}, folder?: string) {
    shop = await Bookshelf.start({ clock, folder, providers: [printer.as(options)] });
  }

  async function openWithTwoBooks(options: ReactionOptions = {}) {
    await open(options);
    emma = await addBook(shop, 'Emma');
    ulysses = await addBook(shop, 'Ulysses');
  }

  const decide = (what: 'retry' | 'skip', position: number) =>
    shop
      .http()
      .post(`/reactions/${NAME}/dead-letters/${what}`)
      .send({ letters: [{ position }], ...(what === 'skip' ? { reason: 'the poster is out of fashion' } : {}) });

  beforeEach(() => {
    clock = new ManualClock();
    printer = new Printer();
  });

  afterEach(() => shop.close());

  it('lets later events of the stream wait behind a failed one, and other streams go on', async () => {
    printer.failures.set(101, 1);
    await openWithTwoBooks();
    await repriceBook(shop, emma, 101, 102);
    await repriceBook(shop, ulysses, 201, 202);
    await repriceBook(shop, emma, 103);
    await caughtUp(shop, NAME);
    expect(printer.printed).toEqual([201, 202]);

    clock.advance(1_000);
    await shop.settle();
    expect(printer.printed).toEqual([201, 202, 101, 102, 103]);
  });

  it('lets one that is raised after the failure wait, too', async () => {
    printer.failures.set(101, 1);
    await openWithTwoBooks();
    await repriceBook(shop, emma, 101);
    await caughtUp(shop, NAME);
    await repriceBook(shop, emma, 102);
    await repriceBook(shop, ulysses, 201);
    await caughtUp(shop, NAME);
    expect(printer.printed).toEqual([201]);
    expect(await statusOf(shop, NAME)).toMatchObject({ deferred: 2, dead: 0 });

    clock.advance(1_000);
    await shop.settle();
    expect(printer.printed).toEqual([201, 101, 102]);
  });

  it('holds the rest back again when one of those that waited fails in its turn', async () => {
    printer.failures.set(101, 1).set(102, 1);
    await openWithTwoBooks();
    await repriceBook(shop, emma, 101, 102, 103);
    await caughtUp(shop, NAME);
    clock.advance(1_000);
    await shop.until('the first is printed', async () => (await statusOf(shop, NAME)).deferred === 2);
    await repriceBook(shop, emma, 104);
    await caughtUp(shop, NAME);
    expect(printer.printed).toEqual([101]);

    clock.advance(1_000);
    await shop.settle();
    expect(printer.printed).toEqual([101, 102, 103, 104]);
  });

  it('lets them wait behind a dead letter, however long that lies', async () => {
    printer.unprintable.add(101);
    await openWithTwoBooks();
    await repriceBook(shop, emma, 101, 102);
    await repriceBook(shop, ulysses, 201);
    await caughtUp(shop, NAME);
    clock.advance(30 * DAY);
    await repriceBook(shop, emma, 103);
    await repriceBook(shop, ulysses, 202);
    await caughtUp(shop, NAME);
    expect(printer.printed).toEqual([201, 202]);
    expect(await statusOf(shop, NAME)).toMatchObject({ deferred: 2, dead: 1 });
  });

  it('lets them follow a dead letter that is retried with success', async () => {
    printer.unprintable.add(101);
    await openWithTwoBooks();
    await repriceBook(shop, emma, 101, 102, 103);
    await caughtUp(shop, NAME);

    printer.unprintable.clear();
    const [{ position }] = await deadLettersOf(shop, NAME);
    await decide('retry', position).expect(202);
    await shop.settle();
    expect(printer.printed).toEqual([101, 102, 103]);
  });

  it('lets them go on without a dead letter that is skipped', async () => {
    printer.unprintable.add(101);
    await openWithTwoBooks();
    await repriceBook(shop, emma, 101, 102, 103);
    await caughtUp(shop, NAME);

    const [{ position }] = await deadLettersOf(shop, NAME);
    await decide('skip', position).expect(200);
    await shop.settle();
    await repriceBook(shop, emma, 104);
    await shop.settle();
    expect(printer.printed).toEqual([102, 103, 104]);
  });

  it('lets them pass the failed one where the reaction says `overtake`', async () => {
    printer.failures.set(101, 1);
    await openWithTwoBooks({ onFailure: 'overtake' });
    await repriceBook(shop, emma, 101, 102);
    await caughtUp(shop, NAME);
    await repriceBook(shop, emma, 103);
    await caughtUp(shop, NAME);
    expect(printer.printed).toEqual([102, 103]);

    clock.advance(1_000);
    await shop.settle();
    expect(printer.printed).toEqual([102, 103, 101]);
  });

  it('keeps the order when the shop is closed and opened in between', async () => {
    printer.failures.set(101, 2).set(202, 1);
    await openWithTwoBooks();
    await repriceBook(shop, emma, 101, 102);
    await repriceBook(shop, ulysses, 201, 202, 203);
    await caughtUp(shop, NAME);
    await shop.stop();
    expect(printer.printed).toEqual([201]);

    clock.advance(1_000);
    await open({}, shop.folder);
    await repriceBook(shop, emma, 103);
    await shop.until('Ulysses is done', () => Promise.resolve(printer.printed.length === 3));
    await caughtUp(shop, NAME);
    expect(printer.printed).toEqual([201, 202, 203]);
    await shop.stop();

    clock.advance(2_000);
    await open({}, shop.folder);
    await shop.settle();
    expect(printer.printed).toEqual([201, 202, 203, 101, 102, 103]);
  });

  it('keeps the order when a reaction talks to the outside', async () => {
    printer.failures.set(101, 1);
    await openWithTwoBooks({ effects: 'external' });
    await repriceBook(shop, emma, 101, 102);
    await repriceBook(shop, ulysses, 201);
    await caughtUp(shop, NAME);
    await repriceBook(shop, emma, 103);
    await caughtUp(shop, NAME);
    expect(printer.printed).toEqual([201]);

    clock.advance(1_000);
    await shop.settle();
    expect(printer.printed).toEqual([201, 101, 102, 103]);
  });

  describe('when a reaction talks to the outside, which takes its time', () => {
    /** Raises new prices while nobody listens, so that they are handed over together. */
    async function openBehind(...prices: readonly (readonly [string, number])[]) {
      await openWithTwoBooks({ effects: 'external' });
      await shop.stop();
      shop = await Bookshelf.start({ clock, folder: shop.folder, providers: [retiresReactions(NAME)] });
      const ids: Readonly<Record<string, string>> = { emma, ulysses };
      for (const [book, cents] of prices) await repriceBook(shop, ids[book], cents);
      await shop.stop();
      await open({ effects: 'external' }, shop.folder);
    }
    const ofEmma = () => printer.printed.filter((cents) => cents < 200);

    it('handles events of other streams meanwhile, and those of a stream one after another', async () => {
      let second: () => void = () => undefined;
      const isPrinted = new Promise<void>((resolve) => (second = resolve));
      const begun: number[] = [];
      printer.beforePrinting = (cents) => {
        begun.push(cents);
        if (cents === 201) second();
        return cents === 101 ? isPrinted : undefined;
      };
      await openBehind(['emma', 101], ['ulysses', 201], ['emma', 102]);
      await shop.settle();
      expect(begun).toEqual([101, 201, 102]);
      expect(ofEmma()).toEqual([101, 102]);
    });

    it('lets those of a stream wait behind one that fails meanwhile, and others go on', async () => {
      printer.failures.set(101, 1);
      await openBehind(['emma', 101], ['ulysses', 201], ['emma', 102], ['ulysses', 202]);
      await caughtUp(shop, NAME);
      expect(printer.printed).toEqual([201, 202]);
      clock.advance(1_000);
      await shop.settle();
      expect(printer.printed).toEqual([201, 202, 101, 102]);
    });

    it.each<[what: string, thrown: () => unknown]>([
      ['has a message that is none', () => Object.defineProperty(new Error(), 'message', { value: Symbol('no') })],
      ['is its own cause', ownCause],
      ['cannot even be looked at', () => new Proxy(new Error('no'), { get: fail, getPrototypeOf: fail })],
    ])('tries one again that fails with something that %s', async (_, thrown) => {
      let isBroken = true;
      printer.beforePrinting = (cents) => {
        if (cents !== 101 || !isBroken) return;
        isBroken = false;
        throw thrown();
      };
      await openBehind(['emma', 101], ['ulysses', 201], ['ulysses', 202], ['emma', 102]);
      await caughtUp(shop, NAME);
      expect(printer.printed).toEqual([201, 202]);
      clock.advance(1_000);
      await shop.settle();
      expect(printer.printed).toEqual([201, 202, 101, 102]);
    });

    it('passes none over that could not be handled, although later ones were', async () => {
      let isBroken = true;
      printer.beforePrinting = (cents) => {
        if (cents !== 101 || !isBroken) return;
        isBroken = false;
        throw new DatabaseError('SQLITE_BUSY', 'a test has made this fail', 'SELECT 1');
      };
      await openBehind(['emma', 101], ['ulysses', 201], ['emma', 102]);
      await shop.until('it pauses', () => Promise.resolve(!isBroken));
      clock.advance(1_000);
      await shop.settle();
      expect(ofEmma()).toEqual([101, 102]);
      expect(await statusOf(shop, NAME)).toMatchObject({ deferred: 0, dead: 0 });
    });
  });

  it('parks nothing behind a dead letter that was skipped while the batch was on its way', async () => {
    printer.unprintable.add(101);
    await openWithTwoBooks({ effects: 'external' });
    await repriceBook(shop, emma, 101);
    await caughtUp(shop, NAME);
    const [{ position }] = await deadLettersOf(shop, NAME);
    await shop.stop();

    // Raised while nobody listens, so that both are in one batch.
    shop = await Bookshelf.start({ clock, folder: shop.folder, providers: [retiresReactions(NAME)] });
    await repriceBook(shop, ulysses, 201);
    await repriceBook(shop, emma, 102, 103);
    await shop.stop();

    printer.beforePrinting = (cents) => (cents === 201 ? decide('skip', position).expect(200) : undefined);
    await open({ effects: 'external' }, shop.folder);
    await shop.settle(2_000);
    expect(printer.printed).toEqual([201, 102, 103]);
  });

  it('keeps the order whatever fails how often', async () => {
    const prices = fc.array(fc.record({ book: fc.nat(2), failures: fc.nat(2) }), { minLength: 5, maxLength: 25 });
    await openWithTwoBooks();
    const books = [emma, ulysses, await addBook(shop, 'Dubliners')];
    let price = 1_000;
    await fc.assert(
      fc.asyncProperty(prices, async (script) => {
        printer.printed = [];
        const expected: number[][] = [[], [], []];
        for (const { book, failures } of script) {
          const cents = ++price;
          expected[book].push(cents);
          printer.failures.set(cents, failures);
          await repriceBook(shop, books[book], cents);
        }
        await shop.until('everything is printed', () => {
          clock.advance(10_000);
          return Promise.resolve(printer.printed.length === script.length);
        });
        await shop.settle();
        const bookOf = (cents: number) => expected.findIndex((one) => one.includes(cents));
        expect(expected.map((_, book) => printer.printed.filter((cents) => bookOf(cents) === book))).toEqual(expected);
      }),
      { numRuns: 8 },
    );
  });
});

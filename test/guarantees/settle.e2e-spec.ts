import { BookAdded, BookRepriced } from '../../src/catalog/catalog.events';
import { Reactions } from '../../src/platform/reactions/reactions.service';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { addBook, caughtUp, reaction, repriceBook } from '../support/trade';

describe('Settling: the shop says when every reaction has handled everything', () => {
  let shop: Bookshelf;
  let clock: ManualClock;

  /** What settling complains of, when it gives up at once. */
  const complaint = async (): Promise<string> => {
    const error = await shop.settle(50).then(
      () => undefined,
      (error: Error) => error,
    );
    return error?.message ?? 'nothing';
  };

  beforeEach(() => {
    clock = new ManualClock();
  });

  afterEach(() => shop.close());

  it('has nothing to wait for in a new shop, nor when everything is handled', async () => {
    shop = await Bookshelf.start({ clock });
    // Alarms look whether anything fell due before the start.
    await shop.settle();
    expect(await complaint()).toBe('nothing');
    const bookId = await addBook(shop);
    await shop.settle();
    // A chain: the book has opened a stock, which has put the book on the shelf.
    const { body } = await shop.http().get('/books?inStock=true').expect(200);
    expect(JSON.stringify(body)).toContain(bookId);
  });

  it('says who has how much to handle when it gives up, and settles when that is done', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const slow = reaction(BookAdded, 'letters.announce', () => finished, { effects: 'external' });
    shop = await Bookshelf.start({ clock, providers: [slow] });
    await addBook(shop);
    await addBook(shop, 'Ulysses');
    await caughtUp(shop, 'catalog.browse');
    expect(await complaint()).toBe(
      'not settled after 50 ms:\n  - letters.announce has 2 events to handle after position 0',
    );
    const settled = shop.settle();
    finish();
    await settled;
    expect(await complaint()).toBe('nothing');
  });

  it('says what failed, why, and what is parked behind it', async () => {
    let failing = true;
    const fail = reaction<object>([BookAdded, BookRepriced], 'letters.announce', () => {
      if (failing) throw new Error('no stamps');
    });
    shop = await Bookshelf.start({ clock, providers: [fail] });
    const bookId = await addBook(shop);
    await repriceBook(shop, bookId, 900);
    await caughtUp(shop, 'letters.announce');
    await caughtUp(shop, 'catalog.browse');
    const [title, retried, parked, ...rest] = (await complaint()).split('\n');
    expect(title).toBe('not settled after 50 ms:');
    expect(retried).toMatch(
      /^ {2}- letters.announce retries the event at 1 in \d+ ms, after 1 attempts: Error: no stamps$/,
    );
    expect(parked).toMatch(/^ {2}- letters.announce has parked the event at \d+ behind an earlier one of its stream$/);
    expect(rest).toEqual([]);
    failing = false;
    clock.advance(1_000);
    await shop.settle();
  });

  it('does not wait for dead letters', async () => {
    const refuse = reaction(BookAdded, 'letters.announce', () => {
      throw new Unrecoverable('nobody reads letters');
    });
    shop = await Bookshelf.start({ clock, providers: [refuse] });
    await addBook(shop);
    await shop.settle();
  });

  it('waits for a rebuild', async () => {
    shop = await Bookshelf.start({ clock });
    await addBook(shop);
    await shop.settle();
    const { done } = await shop.get(Reactions).rebuild('catalog.browse');
    await expect(shop.settle(0)).rejects.toThrow('catalog.browse is being rebuilt');
    await done;
    await shop.settle();
  });
});

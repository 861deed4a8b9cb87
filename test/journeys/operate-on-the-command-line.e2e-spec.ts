import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import * as operations from '../../src/cli/operations';
import { Failure } from '../../src/cli/program';
import { shopProgram } from '../../src/cli/shop-program';
import { BrowseProjection } from '../../src/catalog/reactions/browse.projection';
import { Inventory } from '../../src/inventory/model/inventory';
import { InventoryRepository } from '../../src/inventory/persistence/inventory.repository';
import { OpenStockOnBookAdded } from '../../src/inventory/reactions/open-stock-on-book-added.reaction';
import { LoyaltyModule } from '../../src/loyalty/loyalty.module';
import { AwardPointsOnOrderPlaced } from '../../src/loyalty/reactions/award-points-on-order-placed.reaction';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf } from '../support/bookshelf';
import { Client, nobody } from '../support/client';
import { Do, DoHandler } from '../support/handlers';
import { run, type Run } from '../support/program';
import { databaseIn } from '../support/database';
import { newFolder } from '../support/shop-process';
import { addBook, deadLettersOf, shopWithout } from '../support/trade';

const STOCK = 'inventory.open-stock';

describe('npm run shop', () => {
  let folder: string;
  let shop: Bookshelf;
  let client: Client;
  let interruption: AbortController;

  beforeEach(async () => {
    interruption = new AbortController();
    folder = newFolder();
    shop = await Bookshelf.start({ folder, providers: [DoHandler] });
    client = new Client(shop);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await shop.close();
  });

  /** In a process of its own. It has to load the whole shop, so most of the tests do without. */
  const start = (...args: string[]): Promise<Run> => run('cli/shop', folder, args);

  /** The same in this process. */
  async function say(...args: string[]): Promise<Run> {
    const said: string[] = [];
    const environment = jest.replaceProperty(process, 'env', { DATABASE_URL: databaseIn(folder) });
    const out = jest.spyOn(console, 'log').mockImplementation((text: string) => void said.push(...text.split('\n')));
    try {
      return { code: await shopProgram(args, async () => operations, interruption.signal), said, complaints: [] };
    } catch (error) {
      if (error instanceof Failure) return { code: 1, said, complaints: [error.message] };
      throw error;
    } finally {
      out.mockRestore();
      environment.restore();
      // The program has set its own.
      Logger.overrideLogger(false);
    }
  }

  /** A book whose stock could not be opened, and the place of that letter. */
  async function aLetter(title = 'Emma'): Promise<{ bookId: string; position: number }> {
    jest
      .spyOn(OpenStockOnBookAdded.prototype, 'handle')
      .mockRejectedValueOnce(new Unrecoverable(`no shelf for '${title}'`));
    const bookId = await addBook(shop, title);
    await shop.settle();
    return { bookId, position: (await deadLettersOf(shop, STOCK)).at(-1)!.position };
  }

  it('lists the reactions and how far they are', async () => {
    await aLetter();
    const { code, said, complaints } = await start('reactions');
    expect([code, complaints]).toEqual([0, []]);
    expect(said.length).toBeGreaterThan(5);
    expect(said.find((line) => line.startsWith(STOCK))).toMatch(/after-commit +idle +0 to read, 0 deferred, 1 dead$/);
  });

  it('lists dead letters by their causes, and those of one reaction one by one', async () => {
    const { bookId, position } = await aLetter();
    const causes = await say('dead-letters');
    expect(causes.said).toEqual([
      expect.stringContaining(`${STOCK}: 1 letter, position ${position} to ${position}`),
      '    cause: Error: no shelf for …',
      `    error: Error: no shelf for 'Emma'`,
      '1 letter in all.',
    ]);
    const letters = await say('dead-letters', STOCK);
    expect(letters.said).toEqual([
      `${position}  catalog.book-added of catalog.book/${bookId}  unrecoverable, 1 attempts: Error: no shelf for 'Emma'`,
    ]);
    expect((await say('dead-letters', STOCK, '--state', 'skipped')).said).toEqual([`${STOCK} has no such letters.`]);
  });

  it('has a letter tried again, which the open shop does', async () => {
    const { bookId, position } = await aLetter();
    const { code, said, complaints } = await say('dead-letters', 'retry', STOCK, '--position', String(position));
    expect([code, complaints]).toEqual([0, []]);
    expect(said).toEqual(['1 letter to be tried again, 50 each second, by the shop when it is open.']);
    await shop.until('the stock is opened', async () => (await client.get(`/inventory/${bookId}`)).status === 200);
    const [act] = (await client.see('/events?type=platform.dead-letters-retried')).items;
    expect(act).toMatchObject({ actor: userInfo().username, facts: { reaction: STOCK, letters: [position] } });
  });

  it('skips what has died of one cause, for a reason', async () => {
    await aLetter('Emma');
    await aLetter('Persuasion');
    const which = ['--cause', 'Error: no shelf for …'];
    expect((await say('dead-letters', 'skip', STOCK, ...which, '--reason', 'sold')).said).toEqual([
      '2 letters skipped.',
    ]);
    expect((await client.see(`/reactions/${STOCK}/dead-letters?state=skipped`)).items).toMatchObject([
      { reason: 'sold', skippedBy: userInfo().username },
      { reason: 'sold' },
    ]);
    expect((await say('dead-letters', STOCK)).said).toEqual([`${STOCK} has no such letters.`]);
  });

  it('rehearses a letter, and nothing of it happens', async () => {
    const { bookId, position } = await aLetter();
    const { code, said } = await say('dead-letters', 'rehearse', STOCK, '--position', String(position));
    expect(said[0]).toBe('It would be handled.');
    expect(said.find((line) => line.startsWith('  insert inventory_stock'))).toContain(`"bookId":"${bookId}"`);
    expect(said.at(-1)).toBe('Nothing of this has happened.');
    expect(code).toBe(0);
    expect((await client.get(`/inventory/${bookId}`)).status).toBe(404);
    expect(await deadLettersOf(shop, STOCK)).toHaveLength(1);
  });

  it('shows of which row a rehearsal would change which columns', async () => {
    const bookId = await client.addBook();
    await shop.settle();
    jest.spyOn(BrowseProjection.prototype, 'handle').mockImplementationOnce(() => {
      throw new Unrecoverable('no room in the window');
    });
    await client.post(`/books/${bookId}/publish`);
    await shop.settle();
    const [{ position }] = await deadLettersOf(shop, 'catalog.browse');
    const { said } = await say('dead-letters', 'rehearse', 'catalog.browse', '--position', String(position));
    expect(said).toEqual([
      'It would be handled.',
      `  change catalog_browse ${JSON.stringify(bookId)} {"published":true}`,
      'Nothing of this has happened.',
    ]);
  });

  it('exits with 2 when a rehearsal shows that the letter would fail again', async () => {
    const { bookId, position } = await aLetter();
    // Somebody was faster.
    await shop.send(
      new Do(async () => {
        const inventory = Inventory.open({ bookId, title: 'Emma', quantity: 1 });
        await shop.get(InventoryRepository).save(inventory);
        inventory.commit();
      }),
    );
    const { code, said } = await say('dead-letters', 'rehearse', STOCK, '--position', String(position));
    expect(said[0]).toMatch(/^It would fail: DatabaseError: .*inventory_stock/);
    expect(code).toBe(2);
  });

  describe('hands a reaction its history', () => {
    const POINTS = 'loyalty.award-points';

    /** Orders of before there were points, of which one was cancelled since. */
    async function trade(): Promise<void> {
      await shop.close();
      shop = await Bookshelf.start({ modules: shopWithout(LoyaltyModule) });
      ({ folder } = shop);
      const bookId = await new Client(shop).addBook();
      const orders = [];
      for (let at = 0; at < 3; at++) orders.push(await new Client(shop).order({ [bookId]: 1 }));
      await shop.settle();
      await shop.stop();
      shop = await Bookshelf.start({ folder });
      client = new Client(shop);
      await client.move(orders[2], 'cancel');
      await shop.settle();
    }

    it('first for show, then in earnest, which the open shop does; and then there is nothing left to do', async () => {
      await trade();
      const { code, said } = await say('backfill', POINTS, '--dry-run');
      expect(said.slice(0, 9)).toEqual([
        `3 events would be handed to ${POINTS}:`,
        expect.stringMatching(/^ {2}orders\.order-placed: 3, raised from \d{4}-.* to \d{4}-/),
        'Left out, as it has been given a later event of their stream: 1 orders.order-placed',
        'Tried now: 2 would be handled, 0 would fail, 0 wait behind those.',
        '  rows of loyalty_account: 1',
        '  rows of loyalty_entry: 2',
        '  events raised, loyalty.points-awarded: 2',
        'Nothing would go to the outside.',
        'The first of them:',
      ]);
      expect(said).toContainEqual(expect.stringMatching(/^ {2}event loyalty\.points-awarded of .*"points":12/));
      expect([code, said.at(-1)]).toEqual([0, 'Nothing of this has happened.']);
      expect((await client.get('/loyalty/alice@example.com')).status).toBe(404);

      const done = await say('backfill', POINTS, '--reason', 'for old friends');
      expect(done.said).toEqual([
        `3 events to be handed to ${POINTS}, by the shop when it is open.`,
        'Done: 2 events handed over. Left out: 1 event, as the reaction had been given a later event of the same stream.',
        `${POINTS} has 0 deferred, 0 dead.`,
      ]);
      expect((await client.see('/loyalty/alice@example.com')).points).toBe(24);
      const [asked] = (await client.see('/events?type=platform.backfill-asked')).items;
      expect(asked).toMatchObject({ actor: userInfo().username, facts: { reason: 'for old friends' } });

      const nothing = [
        `There is nothing to hand to ${POINTS}: it has been given every event since the first one, unless a back-fill has left it out.`,
      ];
      expect((await say('backfill', POINTS)).said).toEqual(nothing);
      expect((await say('backfill', POINTS, '--dry-run')).said).toEqual(nothing);
    });

    it('when the shop is opened, if nobody else is there to do it', async () => {
      await trade();
      await shop.stop();
      interruption.abort();
      const { said } = await say('backfill', POINTS);
      expect(said.at(-1)).toBe('3 events still to be handed over, when the shop is open.');
      shop = await Bookshelf.start({ folder });
      await shop.settle();
      expect((await new Client(shop).see('/loyalty/alice@example.com')).points).toBe(24);
    });

    it('and exits with 2 when a dry run shows that some of it would fail', async () => {
      await trade();
      jest.spyOn(AwardPointsOnOrderPlaced.prototype, 'handle').mockRejectedValue(new Error('no points left'));
      const { code, said } = await say('backfill', POINTS, '--dry-run');
      expect(said).toContainEqual('2 events would fail, the first at position 4: Error: no points left');
      expect(code).toBe(2);
    });
  });

  it('tells why something is not there, in sentences', async () => {
    const { bookId, position } = await aLetter();
    const { code, said } = await say('why', `inventory/${bookId}`);
    expect(said).toEqual([
      `inventory/${bookId} does not exist. ${STOCK} makes it from this:`,
      expect.stringMatching(new RegExp(`^At position ${position}, .*: catalog.book-added$`)),
      expect.stringMatching(/^ {2}← command AddBook, /),
      expect.stringMatching(/^ {2}← request .* of anonymous$/),
      `  ${STOCK} has given it up (unrecoverable) after 1 attempts: Error: no shelf for 'Emma'`,
    ]);
    expect(code).toBe(0);
    expect((await say('why', `event/${position}`, '--reaction', STOCK)).said.at(-1)).toContain('has given it up');
  });

  it('publishes many books, says which it cannot and why, and may be repeated', async () => {
    const drafts = [await client.addBook(), await client.addBook(), await client.addBook()];
    const planned = await client.addBook({ publishAt: '2999-01-01T00:00:00Z' });
    expect(await say('publish', '--book', drafts[0].toUpperCase(), nobody)).toEqual({
      code: 0,
      said: [
        '2 books: 1 published, 0 published already, 1 refused.',
        `  book ${nobody} is not in the catalog`,
        'What follows from it is done by the shop when it is open.',
      ],
      complaints: [],
    });
    await writeFile(join(folder, 'autumn.txt'), `${drafts[0]}\r\n\n${drafts[1]}\n`);
    expect((await say('publish', '--from', join(folder, 'autumn.txt'))).said[0]).toBe(
      '2 books: 1 published, 1 published already, 0 refused.',
    );
    const { code, said, complaints } = await start('publish', '--all');
    expect([code, said[0], complaints]).toEqual([0, '1 book: 1 published, 0 published already, 0 refused.', []]);
    expect((await say('publish', '--all')).said).toEqual(['0 books: 0 published, 0 published already, 0 refused.']);
    const states = await Promise.all([...drafts, planned].map((id) => client.see(`/books/${id}`)));
    expect(states.map(({ status }) => status)).toEqual(['PUBLISHED', 'PUBLISHED', 'PUBLISHED', 'ADDED']);
    const { items } = await client.see('/events?type=catalog.book-published');
    expect(items.map(({ actor }: { actor: string }) => actor)).toEqual(Array(3).fill(userInfo().username));
  });

  it('stops publishing when it is interrupted, and goes on when it is called again', async () => {
    await client.addBook();
    interruption.abort();
    const { said } = await say('publish', '--all');
    expect(said).toEqual([
      '0 books: 0 published, 0 published already, 0 refused.',
      'Interrupted. Running the same command again continues from there.',
    ]);
    interruption = new AbortController();
    expect((await say('publish', '--all')).said[0]).toBe('1 book: 1 published, 0 published already, 0 refused.');
  });

  it.each<[string[], RegExp]>([
    [['publish'], /^which ones\? Say so with --book, --from or --all$/],
    [['dead-letters', 'retry', STOCK], /^which ones\? Say so with --position, --cause or --all$/],
    [['dead-letters', 'retry', STOCK, '--all', '--per-second', '0'], /must be a whole number from 1 to 1000/],
    [['dead-letters', 'skip', STOCK, '--all'], /required option '--reason <text>' not specified/],
    [['steal'], /unknown command 'steal'/],
  ])('says in one line why it cannot: %j', async (args, line) => {
    const { code, complaints } = await start(...args);
    expect(complaints).toEqual([expect.stringMatching(line)]);
    expect(code).toBe(1);
  });

  it.each<[string[], RegExp]>([
    [
      ['why', 'order'],
      /^order: say <kind>\/<id>, where the kind is event, alert, book, inventory, notification, order, payment, rule, shipment, subscription$/,
    ],
    [['why', `order/${nobody}`], /^there is no order\//],
    [['publish', '--from', '/no/such/list'], /^ENOENT: no such file or directory/],
    [
      ['backfill', 'loyalty.award-pints'],
      /^there is no reaction called loyalty\.award-pints: npm run shop -- reactions lists them$/,
    ],
    [['backfill', 'catalog.browse'], /^catalog\.browse is a projection, which is not back-filled but built anew/],
    [['dead-letters', 'retry', STOCK, '--position', '7'], /^inventory\.open-stock has no dead letter at position 7$/],
  ])('says in one line what there is not: %j', async (args, line) => {
    expect(await say(...args)).toEqual({ code: 1, said: [], complaints: [expect.stringMatching(line)] });
  });

  it.each([[['--help']], [['dead-letters', 'rehearse', '--help']], [['backfill', '--help']]])(
    'helps with examples: %j',
    async (args) => {
      const { code, said } = await start(...args);
      expect(said[0]).toMatch(/^Usage: npm run shop -- /);
      expect(said.join('\n')).toMatch(/Examples:\n {2}npm run shop -- /);
      expect(code).toBe(0);
    },
  );
});

import { BookAdded, BookRepriced } from '../../src/catalog/catalog.events';
import { Key, Column, Projection, ReadTable } from '../../src/platform/projections/projection';
import { Reactions } from '../../src/platform/reactions/reactions.service';
import { TimedOut } from '../../src/platform/unit-of-work/time-limit';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { Bookshelf } from '../support/bookshelf';
import { Client, problemOf } from '../support/client';
import { Do, DoHandler } from '../support/handlers';
import { reaction } from '../support/trade';
import { newFolder, removeFolder, ShopProcess } from '../support/shop-process';

const never = () => new Promise<void>(() => undefined);

let hangs = false;

@ReadTable('test_title')
class TitleTable {
  @Key() bookId: string;
  @Column() title: string;
}

@Projection(BookAdded, 'test.titles', { tables: [TitleTable], timeLimit: 50 })
class TitlesProjection {
  constructor(private readonly work: UnitOfWork) {}

  async handle({ bookId, title }: BookAdded): Promise<void> {
    if (hangs) await never();
    this.work.put(TitleTable, { bookId, title });
  }
}

describe('Failures stay home: a handler that never returns', () => {
  let shop: Bookshelf;
  afterEach(() => shop.close());

  it.each([{}, { effects: 'external' } as const])(
    'has failed when its time is up, and others go on %j',
    async (options) => {
      const hanging = reaction(BookAdded, 'test.hang', never, { ...options, timeLimit: 50, retry: { attempts: 1 } });
      shop = await Bookshelf.start({ providers: [hanging] });
      const client = new Client(shop);
      const bookId = await client.addBook();

      await shop.settle();

      const { items } = await client.see('/reactions/test.hang/dead-letters');
      expect(items).toMatchObject([{ reason: 'exhausted', error: 'TimedOut: did not come to its end within 50 ms' }]);
      expect(await client.see(`/inventory/${bookId}`)).toMatchObject({ available: 10 });
    },
  );

  it('within a transaction, or of a command, is given up: its caller hears so, and the others go on', async () => {
    const within = { within: 'transaction', timeLimit: 50 } as const;
    const hanging = reaction(BookRepriced, 'test.hang', never, within);
    const environment = { COMMAND_TIME_LIMIT: '100' };
    shop = await Bookshelf.start({ providers: [hanging, DoHandler], environment });
    const client = new Client(shop);
    const bookId = await client.addBook();
    const repriced = client.post(`/books/${bookId}/price`, { price: { amount: 9.99, currency: 'USD' } });
    const hung = expect(shop.send(new Do(never))).rejects.toThrow('did not come to its end within 100 ms');
    const others = Promise.all([client.addBook(), client.addBook()]);

    expect(problemOf(await repriced)).toMatchObject({ status: 503, code: 'timed-out' });
    await hung;
    await others;
    await shop.settle();
    expect(await client.see(`/books/${bookId}`)).toMatchObject({ price: { amount: 12.99 } });
  });

  it('ends the rebuild of its projection, and the present table stays', async () => {
    hangs = false;
    shop = await Bookshelf.start({ providers: [TitlesProjection] });
    const bookId = await new Client(shop).addBook();
    await shop.settle();
    hangs = true;
    const { done } = await shop.get(Reactions).rebuild('test.titles');
    await expect(done).rejects.toThrow(TimedOut);
    expect(await shop.work.find(TitleTable, bookId)).toMatchObject({ title: 'The Great Gatsby' });
    // Nobody else has to wait for it.
    await new Client(shop).addBook({ title: 'Emma' });
    hangs = false;
  });

  it('makes the shop unready, and not silent', async () => {
    shop = await Bookshelf.start({ providers: [DoHandler] });
    let goOn: () => void = () => undefined;
    const hanging = shop.send(new Do(() => new Promise<void>((resolve) => (goOn = resolve))));
    const { status, body } = await shop.http().get('/health/ready');
    expect([status, body.details]).toMatchObject([503, { error: { write: { status: 'down' } } }]);
    goOn();
    await hanging;
    expect((await shop.http().get('/health/ready')).status).toBe(200);
  });

  it('cannot write any more when its time is up', async () => {
    let late: () => void = () => undefined;
    let outcome: unknown;
    const hanging = reaction(
      BookAdded,
      'test.hang',
      async () => {
        await new Promise<void>((resolve) => (late = resolve));
        outcome = await shop.work.query('UPDATE inventory_stock SET quantity = 0').catch((error: unknown) => error);
      },
      { timeLimit: 50, retry: { attempts: 1 } },
    );
    shop = await Bookshelf.start({ providers: [hanging] });
    const bookId = await new Client(shop).addBook();
    await shop.settle();
    late();
    await shop.until('the late handler has tried to write', () => Promise.resolve(outcome !== undefined));
    expect(outcome).toBeInstanceOf(Error);
    expect(await new Client(shop).see(`/inventory/${bookId}`)).toMatchObject({ available: 10 });
  });

  it('that has forgotten to wait for something does not take the process with it', async () => {
    const folder = newFolder();
    const open = await ShopProcess.start({ folder, extras: 'forgetful' });
    try {
      await new Client(open).addBook();
      await open.settle();
      const { items } = await new Client(open).see('/reactions/test.forget/dead-letters');
      expect(items).toMatchObject([{ error: expect.stringContaining('TakeYourTime was not awaited') }]);
      await open.until('the forgotten promise has failed', (output) => output.includes('that nobody awaited'));
      expect(await open.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    } finally {
      await open.kill();
      removeFolder(folder);
    }
  });

  it('does not keep the shop from closing, and is handled after the next start', async () => {
    let hangs = true;
    const seen: string[] = [];
    const hanging = reaction(BookAdded, 'test.hang', ({ bookId }: BookAdded) => {
      seen.push(bookId);
      return hangs ? never() : Promise.resolve();
    });
    shop = await Bookshelf.start({ providers: [hanging] });
    const bookId = await new Client(shop).addBook();
    await shop.until('the handler hangs', () => Promise.resolve(seen.length > 0));
    await shop.stop();

    hangs = false;
    shop = await Bookshelf.start({ providers: [hanging], folder: shop.folder });
    await shop.settle();
    expect(seen).toEqual([bookId, bookId]);
    expect((await new Client(shop).see('/reactions/test.hang/dead-letters')).items).toEqual([]);
  });
});

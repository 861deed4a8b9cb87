import { BookAdded } from '../../src/catalog/catalog.events';
import { Bookshelf } from '../support/bookshelf';
import { Client } from '../support/client';
import { reaction } from '../support/handlers';

const never = () => new Promise<void>(() => undefined);

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

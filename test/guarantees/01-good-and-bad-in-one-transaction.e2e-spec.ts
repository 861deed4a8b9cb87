import { EventBus } from '@nestjs/cqrs';
import { BookRepriced } from '../../src/catalog/catalog.events';
import { BookAlreadyInCatalog } from '../../src/catalog/model/catalog.errors';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { moneyFromDecimal } from '../../src/kernel/money';
import { PriceTable } from '../../src/orders/persistence/price.table';
import { SqliteConnection } from '../../src/platform/database/sqlite-connection';
import { Bookshelf } from '../support/bookshelf';
import { itOnSqlite, ROW_NUMBER } from '../support/database';
import { bookRequest, Client } from '../support/client';
import { aBook, Do, DoHandler } from '../support/handlers';

const ISBN = '9780141439587';

describe('All or nothing, also for commands that share a transaction', () => {
  let shop: Bookshelf;
  /** How often the work of each command was done. */
  let done: Record<string, number>;

  beforeEach(async () => {
    done = {};
    shop = await Bookshelf.start({ providers: [DoHandler] });
    await new Client(shop).post('/books', bookRequest('The one that is there', ISBN));
    await shop.settle();
  });
  afterEach(() => shop.close());

  const command = (name: string, work: () => Promise<unknown>) =>
    shop.send<unknown>(
      new Do(async () => {
        done[name] = (done[name] ?? 0) + 1;
        await work();
      }),
    );

  /** The id of the book that was made last, by its title. */
  const ids = new Map<string, string>();

  const add = (title: string, isbn?: string) =>
    command(title, async () => {
      const book = aBook(title, isbn);
      ids.set(title, book.id);
      await shop.get(BookRepository).save(book);
      book.commit();
    });

  const titles = async () =>
    (await shop.rows<{ title: string }>(`SELECT title FROM catalog_book ORDER BY ${ROW_NUMBER}`)).map(
      ({ title }) => title,
    );

  it('one that a unique key refuses leaves the others as they are: they are stored with it, and done once', async () => {
    const answers = await Promise.allSettled([
      add('Emma'),
      add('Refused', ISBN),
      add('Persuasion'),
      add('Refused as well', ISBN),
      add('Sanditon'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(BookAlreadyInCatalog);
    }
    expect(await titles()).toEqual(['The one that is there', 'Emma', 'Persuasion', 'Sanditon']);
    expect(done).toEqual({ Emma: 1, Refused: 2, Persuasion: 1, 'Refused as well': 2, Sanditon: 1 });

    await shop.settle();
    const stocks = await shop.rows('SELECT 1 FROM inventory_stock WHERE quantity = 10');
    expect(stocks).toHaveLength(4);
  });

  it('of two that want the same, the first gets it', async () => {
    const answers = await Promise.allSettled([
      add('First', '9780141439518'),
      add('Second', '9780141439518'),
      add('Refused', ISBN),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await titles()).toEqual(['The one that is there', 'First']);
  });

  it('one that has changed what is refused is decided on anew', async () => {
    const answers = await Promise.allSettled([
      add('Emma'),
      add('Refused', ISBN),
      command('reprice', async () => {
        const book = await shop.get(BookRepository).get(ids.get('Refused')!);
        book.reprice(moneyFromDecimal(1, 'USD'));
        await shop.get(BookRepository).save(book);
        book.commit();
      }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await titles()).toEqual(['The one that is there', 'Emma']);
    const changes = await shop.rows('SELECT 1 FROM event_log WHERE type = $1', [BookRepriced.type]);
    expect(changes).toEqual([]);
  });

  it('one that has only read what is refused is decided on anew', async () => {
    const answers = await Promise.allSettled([
      add('Emma'),
      add('Refused', ISBN),
      command('sequel', async () => {
        const { id } = await shop.get(BookRepository).get(ids.get('Refused')!);
        const sequel = aBook(`What follows upon ${id}`);
        await shop.get(BookRepository).save(sequel);
        sequel.commit();
      }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await titles()).toEqual(['The one that is there', 'Emma']);
  });

  it('one that was refused for what is refused itself is decided on anew', async () => {
    const price = { bookId: 'any', title: 'Any', priceAmount: 1, priceCurrency: 'USD' };
    const taken = () => new Error('there is a price already');
    const answers = await Promise.allSettled([
      command('both', async () => {
        const book = aBook('Refused', ISBN);
        await shop.get(BookRepository).save(book);
        book.commit();
        shop.work.insert(PriceTable, price, taken);
      }),
      command('price', async () => shop.work.insert(PriceTable, price, taken)),
      add('Emma'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(await shop.rows(`SELECT 1 FROM orders_price WHERE book_id = 'any'`)).toHaveLength(1);
  });

  it('one that was refused is told so when it comes again with what it had saved then', async () => {
    const book = aBook('Refused', ISBN);
    const answers = await Promise.allSettled([
      add('Emma'),
      command('save', async () => {
        await shop.get(BookRepository).save(book);
        book.commit();
      }),
    ]);
    expect(answers[1]).toMatchObject({
      reason: { message: expect.stringContaining('load it again, and decide anew') },
    });
  });

  itOnSqlite('what another program stores in between is seen by the others, and not overwritten', async () => {
    const other = await Bookshelf.start({ providers: [DoHandler], folder: shop.folder });
    const raise = (where: Bookshelf) =>
      where.send(
        new Do(async () => {
          const price = await where.work.find(PriceTable, 'any');
          const priceAmount = (price?.priceAmount ?? 0) + 1;
          where.work.put(PriceTable, { bookId: 'any', title: 'Any', priceAmount, priceCurrency: 'USD' });
        }),
      );
    const { run } = SqliteConnection.prototype;
    let between: Promise<unknown> | undefined;
    jest.spyOn(SqliteConnection.prototype, 'run').mockImplementation(async function (this: SqliteConnection, ...args) {
      const changed = await run.apply(this, args);
      if (args[0] === 'ROLLBACK' && !between) {
        between = raise(other);
        await between;
      }
      return changed;
    });
    const answers = await Promise.allSettled([raise(shop), add('Refused', ISBN), add('Emma')]);
    jest.restoreAllMocks();
    await other.stop();
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(between).toBeDefined();
    const prices = await shop.rows(`SELECT price_amount AS amount FROM orders_price WHERE book_id = 'any'`);
    expect(prices).toEqual([{ amount: 2 }]);
  });

  it('two that change the same aggregate see each other’s changes', async () => {
    const reprice = (amount: number) =>
      command(`for ${amount}`, async () => {
        const found = await shop.get(BookRepository).get(ids.get('Emma')!);
        found.reprice(moneyFromDecimal(amount, 'USD'));
        await shop.get(BookRepository).save(found);
        found.commit();
      });
    await Promise.all([add('Emma'), reprice(1), reprice(2)]);
    expect(done).toEqual({ Emma: 1, 'for 1': 1, 'for 2': 1 });
    const [stored] = await shop.rows("SELECT version, price_amount AS price FROM catalog_book WHERE title = 'Emma'");
    expect(stored).toEqual({ version: 3, price: 200 });
  });

  it('positions have no hole where one was refused, and nobody is told one that does not exist', async () => {
    const client = (): Client => new Client(shop);
    const [{ id: bookId }] = await shop.rows<{ id: string }>('SELECT id FROM catalog_book');
    const price = { amount: 1, currency: 'USD' };
    const loose = () =>
      command('loose', async () => shop.get(EventBus).publish(new BookRepriced({ bookId, price, formerPrice: price })));
    const [first, refused, last] = await Promise.all([
      client().post('/books', bookRequest('Emma')),
      client().post('/books', bookRequest('Refused', ISBN)),
      client().post('/books', bookRequest('Persuasion')),
      loose(),
    ]);
    expect([first.status, refused.status, last.status]).toEqual([201, 409, 201]);
    await shop.settle();
    const log = await shop.rows<{ position: number; stream: string; version: number; title?: string }>(
      `SELECT position, stream, stream_version AS version, json_extract(facts, '$.title') AS title FROM event_log ORDER BY position`,
    );
    expect(log.map(({ position }) => position)).toEqual(log.map((_, at) => at + 1));
    for (const answer of [first, last]) {
      const position = Number(answer.get('event-position'));
      const own = log.find(({ stream }) => stream === `catalog.book/${answer.body.id}`);
      expect(position).toBe(own?.position);
    }
    const published = log.find(({ stream }) => stream === BookRepriced.type);
    expect(published?.version).toBe(published?.position);
  });
});

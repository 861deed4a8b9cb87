import { AddBook } from '../../src/catalog/commands/add-book.command';
import { BookAdded } from '../../src/catalog/catalog.events';
import { BookAlreadyInCatalog } from '../../src/catalog/model/catalog.errors';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { Database } from '../../src/platform/database/database';
import { VersionConflict } from '../../src/platform/unit-of-work/write-set';
import { Bookshelf } from '../support/bookshelf';
import { itOnPostgres, itOnSqlite, REFUSED_AS_DOUBLE } from '../support/database';
import { bookRequest, Client } from '../support/client';
import { aBook, Do, DoHandler } from '../support/handlers';
import { reaction } from '../support/trade';
import { dataSource, keepNotes, noted, notes } from '../support/notes';

const ISBN = '9780141439587';

describe('All or nothing: state and events of a command are stored in one transaction', () => {
  let shop: Bookshelf;
  const nothing = () => Promise.resolve();
  let refuseWithin: (event: BookAdded) => Promise<void> = nothing;

  beforeEach(async () => {
    refuseWithin = nothing;
    const within = reaction(BookAdded, 'test.inspect', (event: BookAdded) => refuseWithin(event), {
      within: 'transaction',
    });
    shop = await Bookshelf.start({ providers: [DoHandler, within] });
    await keepNotes(shop);
  });
  afterEach(() => shop.close());

  /** Adds a book as any handler does, and then something else. */
  const add = (title: string, isbn?: string, then: () => Promise<unknown> = nothing) =>
    shop.send<void>(
      new Do(async () => {
        const book = aBook(title, isbn);
        await shop.get(BookRepository).save(book);
        book.commit();
        await then();
      }),
    );
  const fail = () => Promise.reject(new Error('changed my mind'));
  const note = (text: string) => notes(shop).insert({ id: text, text });

  /** The titles that are in the catalog, and those that the log tells of: the two must never differ. */
  async function stored(): Promise<string[]> {
    const books = await shop.rows<{ title: string }>('SELECT title FROM catalog_book ORDER BY title');
    const events = await shop.rows<{ title: string }>(
      `SELECT json_extract(facts, '$.title') AS title FROM event_log WHERE type = 'catalog.book-added' ORDER BY 1`,
    );
    const titles = books.map(({ title }) => title);
    expect({ log: events.map(({ title }) => title) }).toEqual({ log: titles });
    return titles;
  }

  it('a book that is added is in the catalog and in the log', async () => {
    await add('Emma');
    expect(await stored()).toEqual(['Emma']);
  });

  it('a handler that throws leaves neither a book nor an event', async () => {
    await expect(add('Emma', undefined, fail)).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([]);
  });

  it('a handler that throws leaves nothing, even when its writes were sent to the database already', async () => {
    const readThenFail = async () => {
      expect(await shop.work.query('SELECT 1 FROM catalog_book')).toHaveLength(1);
      await fail();
    };
    await expect(add('Emma', undefined, readThenFail)).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([]);
  });

  it('a book that a unique key refuses leaves no event', async () => {
    await add('Emma', ISBN);
    await expect(add('Emma again', ISBN)).rejects.toThrow(BookAlreadyInCatalog);
    expect(await stored()).toEqual(['Emma']);
  });

  it('a refusal over HTTP leaves nothing and answers no position', async () => {
    await shop.http().post('/books').send(bookRequest('Emma', ISBN)).expect(201);
    const { headers } = await shop.http().post('/books').send(bookRequest('Emma again', ISBN)).expect(409);
    expect(headers['event-position']).toBeUndefined();
    expect(await stored()).toEqual(['Emma']);
  });

  it('an in-transaction reaction that throws takes the whole command with it', async () => {
    refuseWithin = fail;
    await expect(add('Emma')).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([]);
  });

  it('commands that share a transaction are stored or refused each on its own', async () => {
    const titles = Array.from({ length: 12 }, (_, at) => `book ${10 + at}`);
    const outcomes = await Promise.allSettled(
      titles.map((title, at) => add(title, undefined, at % 3 ? undefined : () => note(title).then(fail))),
    );
    const kept = titles.filter((_, at) => outcomes[at].status === 'fulfilled');
    expect(kept).toHaveLength(8);
    expect(await stored()).toEqual(kept);
    expect(await noted(shop)).toEqual([]);
  });

  it('two books with one ISBN that come at the same moment: the first is stored, the second refused', async () => {
    const outcomes = await Promise.allSettled([add('Emma', ISBN), add('Persuasion'), add('Emma again', ISBN)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((outcomes[2] as PromiseRejectedResult).reason).toBeInstanceOf(BookAlreadyInCatalog);
    expect(await stored()).toEqual(['Emma', 'Persuasion']);
  });

  it('a command whose book is refused is not answered for by the next one that happens to read', async () => {
    await add('Emma', ISBN);
    const [again, reader] = await Promise.allSettled([
      add('Emma again', ISBN),
      shop.send<number>(new Do(() => notes(shop).count())),
    ]);
    expect(again).toMatchObject({ status: 'rejected', reason: expect.any(BookAlreadyInCatalog) as unknown });
    expect(reader).toEqual({ status: 'fulfilled', value: 0 });
    expect(await stored()).toEqual(['Emma']);
  });

  it('an inner command that fails and is caught leaves nothing of its own, and the outer one goes on', async () => {
    await add('Emma', undefined, () => add('Persuasion', undefined, fail).catch(() => undefined));
    expect(await stored()).toEqual(['Emma']);
  });

  it('an inner command that fails and is caught takes the outer one with it when it wrote past the unit of work', async () => {
    const inner = () => add('Persuasion', undefined, () => note('half').then(fail)).catch(() => undefined);
    await expect(add('Emma', undefined, inner)).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([]);
    expect(await noted(shop)).toEqual([]);
  });

  it('an inner command that fails and is caught takes the outer one with it when its writes were sent already', async () => {
    const read = () => shop.work.query('SELECT 1').then(fail);
    const inner = () => add('Persuasion', undefined, read).catch(() => undefined);
    await expect(add('Emma', undefined, inner)).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([]);
  });

  it('an inner command that fails before it has written leaves what the outer one wrote in its own way', async () => {
    const inner = () => shop.send<void>(new Do(fail)).catch(() => undefined);
    await add('Emma', undefined, () => note('kept').then(inner));
    expect(await stored()).toEqual(['Emma']);
    expect(await noted(shop)).toEqual(['kept']);
  });

  it('a refusal that comes early, with a read, cannot be swallowed by the handler', async () => {
    await add('Emma', ISBN);
    const read = () =>
      notes(shop)
        .count()
        .catch(() => undefined);
    await expect(add('Emma again', ISBN, read)).rejects.toThrow(BookAlreadyInCatalog);
    expect(await stored()).toEqual(['Emma']);
  });

  itOnPostgres("a statement of TypeORM's own that fails takes the command with it, even if it is caught", async () => {
    const answers: unknown[] = [];
    const goOn = async () => {
      await note('first');
      answers.push(await notes(shop).insert({ id: 'other', text: 'first' }).catch(String));
      answers.push(await note('second').catch(String));
    };
    await expect(add('Emma', undefined, goOn)).rejects.toThrow(REFUSED_AS_DOUBLE);
    expect(answers).toEqual([expect.stringMatching(REFUSED_AS_DOUBLE), expect.stringMatching(REFUSED_AS_DOUBLE)]);
    expect(await stored()).toEqual([]);
    expect(await noted(shop)).toEqual([]);
  });

  itOnSqlite("a statement of TypeORM's own that fails and is caught leaves what was written before it", async () => {
    await add('Emma', undefined, async () => {
      await note('first');
      await expect(notes(shop).insert({ id: 'other', text: 'first' })).rejects.toThrow(REFUSED_AS_DOUBLE);
      await note('second');
    });
    expect(await stored()).toEqual(['Emma']);
    expect(await noted(shop)).toEqual(['first', 'second']);
  });

  itOnSqlite('a disk that fills up in the middle leaves nothing, even if the handler goes on', async () => {
    const { writer } = shop.get(Database);
    const [{ page_count: pages }] = await writer.all<{ page_count: number }>('PRAGMA page_count');
    await writer.exec(`PRAGMA max_page_count = ${pages}`);
    const goOn = async () => {
      await note('before');
      await expect(notes(shop).insert({ id: 'long', text: 'x'.repeat(100_000) })).rejects.toThrow('SQLITE_FULL');
      await note('after').catch(() => undefined);
    };
    await expect(add('Emma', undefined, goOn)).rejects.toThrow('SQLITE_FULL');
    expect(await noted(shop)).toEqual([]);
    expect(await stored()).toEqual([]);

    await writer.exec('PRAGMA max_page_count = 1000000');
    await add('Emma', undefined, () => note('after'));
    expect(await stored()).toEqual(['Emma']);
  });

  it('a transaction that a handler opens itself is a part of its unit of work', async () => {
    const transfer = () => dataSource(shop).transaction((manager) => manager.insert('note', { id: '1', text: 'one' }));
    await expect(add('Emma', undefined, () => transfer().then(fail))).rejects.toThrow('changed my mind');
    expect(await noted(shop)).toEqual([]);
    await add('Emma', undefined, transfer);
    expect(await noted(shop)).toEqual(['one']);
    expect(await stored()).toEqual(['Emma']);
  });

  it.each(['COMMIT', 'ROLLBACK', 'end transaction', 'BEGIN'])(
    'a handler cannot end the transaction with %s',
    async (sql) => {
      const byHand = async () => {
        await note('before');
        await expect(dataSource(shop).query(sql)).rejects.toThrow('is the business of the unit of work');
        await note('after');
        await fail();
      };
      await expect(add('Emma', undefined, byHand)).rejects.toThrow('changed my mind');
      expect(await stored()).toEqual([]);
      expect(await noted(shop)).toEqual([]);
    },
  );

  it('a part that a handler rolls back by hand, with a savepoint, leaves the rest', async () => {
    await add('Emma', undefined, async () => {
      await note('kept');
      await dataSource(shop).query('SAVEPOINT half');
      await note('dropped');
      await dataSource(shop).query('ROLLBACK TO half');
    });
    expect(await stored()).toEqual(['Emma']);
    expect(await noted(shop)).toEqual(['kept']);
  });

  it('a change that was decided on a state which somebody has changed since is refused, and nothing of it is kept', async () => {
    const client = new Client(shop);
    const id = await client.addBook();
    // Read before the unit of work, so nothing keeps it as it was.
    const stale = await shop.get(BookRepository).get(id);
    await client.post(`/books/${id}/price`, { price: { amount: 5, currency: 'USD' } });
    const change = shop.send(
      new Do(async () => {
        await note('decided');
        stale.reprice({ amount: 100, currency: 'USD' });
        await shop.get(BookRepository).save(stale);
        stale.commit();
      }),
    );
    await expect(change).rejects.toThrow(VersionConflict);
    expect((await client.see(`/books/${id}`)).price.amount).toBe(5);
    expect((await client.see(`/events?stream=catalog.book/${id}`)).items).toHaveLength(2);
    expect(await noted(shop)).toEqual([]);
  });

  it('the reader of a price list sees a batch of books whole or not at all', async () => {
    const money = { amount: 1299, currency: 'EUR' };
    const addAll = new Do(async () => {
      for (const title of ['Emma', 'Persuasion', 'Sanditon']) {
        await shop.send(new AddBook({ title, author: 'Jane Austen', price: money }));
        expect(await shop.rows('SELECT 1 FROM catalog_book')).toEqual([]);
      }
    });
    await shop.send(addAll);
    expect(await stored()).toEqual(['Emma', 'Persuasion', 'Sanditon']);
  });
});

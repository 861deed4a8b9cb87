import { AggregateRoot, EventBus, EventPublisher } from '@nestjs/cqrs';
import { uuidv7 } from 'uuidv7';
import { BookAdded, BookWithdrawn } from '../../src/catalog/catalog.events';
import { Book } from '../../src/catalog/model/book';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { OutsideUnitOfWork } from '../../src/platform/database/writer-guard';
import { NotAwaited, NotSaved } from '../../src/platform/unit-of-work/unit-of-work';
import { VersionConflict } from '../../src/platform/unit-of-work/write-set';
import { Bookshelf } from '../support/bookshelf';
import { aBook, Do, DoHandler } from '../support/handlers';
import { dataSource, keepNotes, noted, notes, NoteTable } from '../support/notes';

/** An aggregate that publishes at once whatever it applies, as the Nest documentation describes `autoCommit`. */
class HastyBook extends AggregateRoot {
  withdraw(title: string): void {
    this.apply(new BookWithdrawn({ bookId: uuidv7(), title }));
  }
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe('No publishing outside a unit of work', () => {
  let shop: Bookshelf;
  let books: BookRepository;

  beforeAll(async () => {
    shop = await Bookshelf.start({ providers: [DoHandler] });
    books = shop.get(BookRepository);
    await keepNotes(shop);
  });
  afterAll(() => shop.close());

  const within = <T>(work: () => Promise<T>): Promise<T> => shop.send<T>(new Do(work));
  const eventsOf = async (id: string) =>
    (
      await shop.rows<{ type: string }>('SELECT type FROM event_log WHERE stream = $1 ORDER BY stream_version', [
        `catalog.book/${id}`,
      ])
    ).map(({ type }) => type);
  const titled = (title: string) =>
    shop.rows<{ id: string; version: number }>('SELECT id, version FROM catalog_book WHERE title = $1', [title]);
  const add = (book: Book) =>
    within(async () => {
      await books.save(book);
      book.commit();
      return book.id;
    });

  describe('commit()', () => {
    it('throws outside a unit of work, where Nest itself would lose the events without a word', () => {
      expect(() => aBook().commit()).toThrow(NotSaved);
    });

    it('throws on an aggregate that was not saved', async () => {
      await expect(within(async () => Promise.resolve(aBook().commit()))).rejects.toThrow(NotSaved);
    });

    it('throws after the unit of work in which the aggregate was saved', async () => {
      const book = aBook('late');
      await expect(within(() => books.save(book))).rejects.toThrow('call commit() after saving it');
      expect(() => book.commit()).toThrow(OutsideUnitOfWork);
      await expect(within(async () => Promise.resolve(book.commit()))).rejects.toThrow(NotSaved);
      expect(await titled('late')).toEqual([]);
    });

    it('cannot be forgotten', async () => {
      const forgetful = within(() => books.save(aBook('forgotten')));
      await expect(forgetful).rejects.toThrow('Book was saved but its events were not: call commit() after saving it');
      expect(await titled('forgotten')).toEqual([]);
    });

    it('throws when the aggregate was changed after it was saved', async () => {
      const changed = within(async () => {
        const book = aBook('changed');
        await books.save(book);
        book.bringOut();
        book.commit();
      });
      await expect(changed).rejects.toThrow('was changed after it was saved: save it again before commit()');
      expect(await titled('changed')).toEqual([]);
    });

    it('throws when other events take the place of those that were saved', async () => {
      const exchanged = within(async () => {
        const book = aBook('exchanged');
        await books.save(book);
        book.uncommit();
        book.bringOut();
        book.commit();
      });
      await expect(exchanged).rejects.toThrow(NotSaved);
      expect(await titled('exchanged')).toEqual([]);
    });

    it('throws on an aggregate that was loaded and changed, but not saved', async () => {
      const id = await add(aBook('loaded'));
      const unsaved = within(async () => {
        const book = await books.get(id);
        book.bringOut();
        book.commit();
      });
      await expect(unsaved).rejects.toThrow(NotSaved);
      expect(await eventsOf(id)).toEqual(['catalog.book-added']);
    });

    it('has no effect the second time', async () => {
      const book = aBook();
      await within(async () => {
        await books.save(book);
        book.commit();
        book.commit();
      });
      expect(await eventsOf(book.id)).toEqual(['catalog.book-added']);
    });
  });

  describe('an aggregate that is saved twice', () => {
    it('before one commit() has its events stored once, under the version of its row', async () => {
      const book = aBook('twice');
      await within(async () => {
        await books.save(book);
        book.bringOut();
        await books.save(book);
        book.commit();
      });
      expect(await eventsOf(book.id)).toEqual(['catalog.book-added', 'catalog.book-published']);
      const [{ version }] = await titled('twice');
      const [{ last }] = await shop.rows<{ last: number }>(
        'SELECT max(stream_version) AS last FROM event_log WHERE stream = $1',
        [`catalog.book/${book.id}`],
      );
      expect(last).toBe(version);
    });

    it('with a commit() after each save has every event stored once, and can be loaded and changed again', async () => {
      const book = aBook('thrice');
      await within(async () => {
        await books.save(book);
        book.commit();
        book.bringOut();
        await books.save(book);
        book.commit();
      });
      await within(async () => {
        const again = await books.get(book.id);
        again.withdraw();
        await books.save(again);
        again.commit();
      });
      expect(await eventsOf(book.id)).toEqual([
        'catalog.book-added',
        'catalog.book-published',
        'catalog.book-withdrawn',
      ]);
    });

    it('as two objects that were loaded side by side is refused: the second one knows nothing of the first', async () => {
      const id = await add(aBook());
      const sideBySide = within(async () => {
        const [one, other] = [await books.get(id), await books.get(id)];
        for (const book of [one, other]) {
          book.bringOut();
          await books.save(book);
          book.commit();
        }
      });
      await expect(sideBySide).rejects.toThrow(VersionConflict);
      expect(await eventsOf(id)).toEqual(['catalog.book-added']);
    });
  });

  describe('autoCommit', () => {
    it('throws on an aggregate that nobody saved', () => {
      const book = new HastyBook();
      book.autoCommit = true;
      expect(() => book.withdraw('hasty')).toThrow(NotSaved);
    });

    it('throws on a saved aggregate, as the event was not part of what was saved', async () => {
      const hasty = within(async () => {
        const book = aBook('hasty');
        await books.save(book);
        book.autoCommit = true;
        book.bringOut();
      });
      await expect(hasty).rejects.toThrow(NotSaved);
      expect(await titled('hasty')).toEqual([]);
    });
  });

  describe('the publisher of the Nest documentation', () => {
    it('stores the events of an aggregate that it was merged into', async () => {
      const book = aBook();
      await within(async () => {
        const merged = shop.get(EventPublisher).mergeObjectContext(book);
        await books.save(merged);
        merged.commit();
      });
      expect(await eventsOf(book.id)).toEqual(['catalog.book-added']);
    });

    it('stores them as well when it is merged after the aggregate was saved', async () => {
      const book = aBook();
      await within(async () => {
        await books.save(book);
        shop.get(EventPublisher).mergeObjectContext(book).commit();
      });
      expect(await eventsOf(book.id)).toEqual(['catalog.book-added']);
    });

    it('refuses an aggregate that was not saved', async () => {
      const merged = () => shop.get(EventPublisher).mergeObjectContext(aBook());
      expect(() => merged().commit()).toThrow(OutsideUnitOfWork);
      await expect(within(async () => Promise.resolve(merged().commit()))).rejects.toThrow(NotSaved);
    });

    it('refuses an aggregate of a merged class that was not saved', async () => {
      const Merged = shop.get(EventPublisher).mergeClassContext(HastyBook);
      const book = new Merged();
      book.withdraw('merged');
      await expect(within(async () => Promise.resolve(book.commit()))).rejects.toThrow(NotSaved);
    });
  });

  describe('eventBus.publish()', () => {
    const event = () => new BookWithdrawn({ bookId: uuidv7(), title: 'published' });
    const published = () => shop.rows(`SELECT 1 FROM event_log WHERE stream = 'catalog.book-withdrawn'`);

    it('throws outside a unit of work', () => {
      expect(() => void shop.get(EventBus).publish(event())).toThrow(OutsideUnitOfWork);
      expect(() => void shop.get(EventBus).publishAll([event()])).toThrow(OutsideUnitOfWork);
    });

    it('stores the event inside one, and drops it when the handler throws', async () => {
      const before = (await published()).length;
      await within(async () => Promise.resolve(shop.get(EventBus).publish(event())));
      await within(async () => Promise.resolve(shop.get(EventBus).publishAll([event(), event()])));
      const refused = within(() => {
        void shop.get(EventBus).publish(event());
        return Promise.reject(new Error('changed my mind'));
      });
      await expect(refused).rejects.toThrow('changed my mind');
      expect(await published()).toHaveLength(before + 3);
    });

    it('refuses an event that no module publishes', async () => {
      class Unheard {}
      const unheard = within(async () => Promise.resolve(shop.get(EventBus).publish(new Unheard())));
      await expect(unheard).rejects.toThrow('Unheard is not published');
    });
  });

  describe('nested commands', () => {
    const addTitled = (title: string) => () => add(aBook(title));

    it('share the unit of work of the outer one', async () => {
      const outer = within(async () => {
        await addTitled('inner')();
        throw new Error('changed my mind');
      });
      await expect(outer).rejects.toThrow('changed my mind');
      expect(await titled('inner')).toEqual([]);
    });

    it('an inner one that fails and is caught leaves no event', async () => {
      await within(async () => {
        await addTitled('outer kept')();
        const inner = within(async () => {
          await addTitled('inner dropped')();
          throw new Error('changed my mind');
        });
        await expect(inner).rejects.toThrow('changed my mind');
      });
      expect(await titled('outer kept')).toHaveLength(1);
      expect(await titled('inner dropped')).toEqual([]);
      const told = await shop.rows(`SELECT 1 FROM event_log WHERE json_extract(facts, '$.title') = 'inner dropped'`);
      expect(told).toEqual([]);
    });

    it('that run side by side are all stored', async () => {
      const titles = ['side 1', 'side 2', 'side 3'];
      await within(() => Promise.all(titles.map((title) => addTitled(title)())));
      for (const title of titles) expect(await titled(title)).toHaveLength(1);
    });

    it('cannot commit what the outer one has saved', async () => {
      const outer = within(async () => {
        const book = aBook('handed over');
        await books.save(book);
        await within(async () => Promise.resolve(book.commit()));
      });
      await expect(outer).rejects.toThrow(NotSaved);
      expect(await titled('handed over')).toEqual([]);
    });
  });

  describe('a promise that nobody awaits', () => {
    it('cannot write after its unit of work has ended', async () => {
      let late: Promise<unknown> = Promise.resolve();
      await within(() => {
        late = turns(20).then(() => books.save(aBook('floating')));
        late.catch(() => undefined);
        return Promise.resolve();
      });
      await expect(late).rejects.toThrow(OutsideUnitOfWork);
      expect(await titled('floating')).toEqual([]);
    });

    it('cannot publish after its unit of work has ended', async () => {
      const book = aBook('floating commit');
      let late: Promise<unknown> = Promise.resolve();
      await within(async () => {
        await add(aBook('in time'));
        late = turns(20).then(() => shop.get(EventBus).publish(new BookAdded({} as never)));
        late.catch(() => undefined);
      });
      await expect(late).rejects.toThrow(OutsideUnitOfWork);
      expect(await eventsOf(book.id)).toEqual([]);
    });

    it('is refused together with its command when it is a command of its own', async () => {
      let inner: Promise<unknown> = Promise.resolve();
      const outer = within(async () => {
        await add(aBook('outer'));
        inner = within(async () => {
          await add(aBook('inner'));
          await turns(20);
        });
        inner.catch(() => undefined);
      });
      await expect(outer).rejects.toThrow(NotAwaited);
      await expect(inner).rejects.toThrow(NotAwaited);
      expect(await titled('outer')).toEqual([]);
      expect(await titled('inner')).toEqual([]);
    });

    it('writes in its unit of work or not at all, whenever it comes', async () => {
      for (let delay = 0; delay < 40; delay++) {
        let floating: Promise<unknown> = Promise.resolve();
        const refused = within(async () => {
          floating = notes(shop).insert({ id: `${delay}`, text: `floating ${delay}` });
          floating.catch(() => undefined);
          for (let turn = 0; turn < delay; turn++) await Promise.resolve();
          throw new Error('changed my mind');
        });
        const next = within(() => notes(shop).count());
        await expect(refused).rejects.toThrow();
        await next;
        await floating.catch(() => undefined);
        expect({ delay, noted: await noted(shop) }).toEqual({ delay, noted: [] });
      }
    });
  });

  describe("TypeORM's own repositories", () => {
    afterEach(() => within(() => notes(shop).clear()));

    it('take part in the unit of work of a handler, and see what it has written', async () => {
      await within(async () => {
        await notes(shop).insert({ id: '1', text: 'one' });
        shop.work.put(NoteTable, { id: '2', text: 'two' });
        expect(await notes(shop).count()).toBe(2);
        await notes(shop).save([
          { id: '3', text: 'three' },
          { id: '4', text: 'four' },
        ]);
        expect(await noted(shop)).toEqual([]);
      });
      expect(await noted(shop)).toEqual(['four', 'one', 'three', 'two']);
    });

    it('are rolled back with it', async () => {
      const refused = within(async () => {
        await notes(shop).insert({ id: '1', text: 'one' });
        await notes(shop).save({ id: '2', text: 'two' });
        await dataSource(shop).query(`INSERT INTO note VALUES ('3', 'three')`);
        await dataSource(shop).transaction((manager) => manager.insert(NoteTable, { id: '4', text: 'four' }));
        throw new Error('changed my mind');
      });
      await expect(refused).rejects.toThrow('changed my mind');
      expect(await noted(shop)).toEqual([]);
    });

    it('do not roll back the commands that share their transaction', async () => {
      const outcomes = await Promise.allSettled(
        ['a', 'b', 'c', 'd', 'e'].map((text, at) =>
          within(async () => {
            await notes(shop).insert({ id: text, text });
            if (at % 2) throw new Error('changed my mind');
          }),
        ),
      );
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
      expect(await noted(shop)).toEqual(['a', 'c', 'e']);
    });

    it('read outside a unit of work, and cannot write there', async () => {
      await within(() => notes(shop).insert({ id: '1', text: 'one' }));
      expect(await notes(shop).find()).toEqual([{ id: '1', text: 'one' }]);
      expect(await dataSource(shop).query('WITH n AS (SELECT text FROM note) SELECT * FROM n')).toEqual([
        { text: 'one' },
      ]);
      const writes = [
        () => notes(shop).insert({ id: '2', text: 'two' }),
        () => notes(shop).save({ id: '2', text: 'two' }),
        () => notes(shop).clear(),
        () => dataSource(shop).query(`UPDATE note SET text = 'changed'`),
        () => dataSource(shop).query(`WITH n AS (SELECT 1) INSERT INTO note SELECT '2', 'two'`),
        () => dataSource(shop).transaction((manager) => manager.delete(NoteTable, '1')),
      ];
      for (const write of writes) await expect(write()).rejects.toThrow(OutsideUnitOfWork);
      expect(await noted(shop)).toEqual(['one']);
    });

    it('are told what to do instead of a transaction of their own', async () => {
      await expect(dataSource(shop).transaction((manager) => manager.clear(NoteTable))).rejects.toThrow(
        'dataSource.transaction() (or queryRunner.startTransaction()) was called outside a unit of work: ' +
          'do it in a command handler or a reaction, which is one transaction as it is',
      );
    });

    it('cannot write outside while somebody else is inside, who is not disturbed', async () => {
      const inside = within(async () => {
        await notes(shop).insert({ id: '1', text: 'inside' });
        await turns(20);
        await notes(shop).insert({ id: '2', text: 'inside too' });
      });
      const outside = (async () => {
        await turns(3);
        await expect(notes(shop).insert({ id: '3', text: 'outside' })).rejects.toThrow(OutsideUnitOfWork);
        const transaction = dataSource(shop).transaction((manager) =>
          manager.insert(NoteTable, { id: '3', text: '3' }),
        );
        await expect(transaction).rejects.toThrow(OutsideUnitOfWork);
        expect(await notes(shop).find()).toEqual([]);
      })();
      await Promise.all([inside, outside]);
      expect(await noted(shop)).toEqual(['inside', 'inside too']);
    });
  });

  describe('what a handler writes through the unit of work', () => {
    it('throws outside', () => {
      expect(() => shop.work.put(NoteTable, { id: '1', text: 'one' })).toThrow(OutsideUnitOfWork);
      expect(() => shop.work.insert(NoteTable, { id: '1', text: 'one' })).toThrow(OutsideUnitOfWork);
      expect(() => shop.work.remove(NoteTable, '1')).toThrow(OutsideUnitOfWork);
    });

    it('is refused with the name of its table and column when it is nothing that a column takes', async () => {
      const text = { en: 'one' } as unknown as string;
      await expect(within(async () => shop.work.put(NoteTable, { id: '1', text }))).rejects.toThrow(
        'column note.text takes a string, a finite number or nothing, not object',
      );
    });

    it('is found by those who look for it side by side with a statement that sends it', async () => {
      await within(async () => {
        for (let round = 0; round < 10; round++) {
          shop.work.put(NoteTable, { id: `${round}`, text: `note ${round}` });
          const book = aBook();
          await books.save(book);
          book.commit();
          const sending = shop.work.query('SELECT 1');
          for (let look = 0; look < 10; look++) expect((await books.get(book.id)).id).toBe(book.id);
          await sending;
        }
      });
    });
  });
});

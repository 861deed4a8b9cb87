import { BookTable } from '../../src/catalog/persistence/book.table';
import { OutsideUnitOfWork } from '../../src/platform/database/writer-guard';
import { Bookshelf } from '../support/bookshelf';
import { REFUSED_AS_DOUBLE } from '../support/database';
import { Do, DoHandler } from '../support/handlers';
import { keepNotes, noted, NoteTable } from '../support/notes';

describe('Columns that are changed without reading the row', () => {
  let shop: Bookshelf;
  const unit = <T>(work: () => Promise<T>): Promise<T> => shop.send(new Do(work));
  const change = (id: string, text: string): void => shop.work.change(NoteTable, id, { text });
  const read = async (id: string): Promise<string | undefined> => (await shop.work.find(NoteTable, id))?.text;

  beforeEach(async () => {
    shop = await Bookshelf.start({ providers: [DoHandler] });
    await keepNotes(shop, 'a', 'b', 'c');
  });
  afterEach(() => shop.close());

  it('differ in those rows afterwards, and in no other', async () => {
    await unit(async () => {
      change('a', 'ant');
      change('c', 'cat');
      change('d', 'dog');
    });
    expect(await noted(shop)).toEqual(['ant', 'b', 'cat']);
  });

  it('are what the unit reads from then on, and what it has changed last is stored', async () => {
    await unit(async () => {
      change('a', 'ant');
      expect(await read('a')).toBe('ant');
      expect(await shop.work.query('SELECT text FROM note WHERE id = $1', ['a'])).toEqual([{ text: 'ant' }]);
      change('a', 'ape');
      expect(await read('a')).toBe('ape');
      change('d', 'dog');
      expect(await read('d')).toBeUndefined();
    });
    expect(await noted(shop)).toEqual(['ape', 'b', 'c']);
  });

  it('are those of a row that was put, and not of one that was removed, in the same unit', async () => {
    await unit(async () => {
      shop.work.put(NoteTable, { id: 'd', text: 'd' });
      change('d', 'dog');
      shop.work.remove(NoteTable, 'a');
      change('a', 'ant');
      expect([await read('d'), await read('a')]).toEqual(['dog', undefined]);
    });
    expect(await noted(shop)).toEqual(['b', 'c', 'dog']);
  });

  it('stay as they were when a unit within the unit fails, which sees what was changed around it', async () => {
    await unit(async () => {
      change('a', 'ant');
      change('b', 'bee');
      const inner = unit(async () => {
        change('a', 'ape');
        expect([await read('a'), await read('b')]).toEqual(['ape', 'bee']);
        throw new Error('changed my mind');
      });
      await expect(inner).rejects.toThrow('changed my mind');
      expect(await read('a')).toBe('ant');
    });
    expect(await noted(shop)).toEqual(['ant', 'bee', 'c']);
  });

  it('stay as they were when a unique key refuses them', async () => {
    const refused = unit(async () => {
      change('a', 'ant');
      change('b', 'c');
    });
    await expect(refused).rejects.toThrow(REFUSED_AS_DOUBLE);
    expect(await noted(shop)).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['that it was put in', () => shop.work.put(NoteTable, { id: 'a', text: 'ant' })],
    ['that has not seen the row', () => undefined],
  ])('are none that the table does not have, nor its key, in a unit %s', async (_, before) => {
    for (const columns of [{ colour: 'red' }, { id: 'z' }]) {
      const refused = unit(async () => {
        before();
        shop.work.change(NoteTable, 'a', columns);
      });
      await expect(refused).rejects.toThrow(/^note has no column (colour|id) that can be changed$/);
    }
    expect(await noted(shop)).toEqual(['a', 'b', 'c']);
  });

  it('may be none at all', async () => {
    await unit(async () => shop.work.change(NoteTable, 'a', {}));
    expect(await noted(shop)).toEqual(['a', 'b', 'c']);
  });

  it('are not those of an aggregate, which only its version guards: the compiler refuses it', () => {
    // @ts-expect-error a book has a version
    const change = () => shop.work.change(BookTable, 'a', { title: 'Emma' });
    expect(change).toThrow(OutsideUnitOfWork);
  });
});

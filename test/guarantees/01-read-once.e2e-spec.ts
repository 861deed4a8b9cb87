import { Database } from '../../src/platform/database/database';
import { interceptStatements } from '../../src/platform/testing/statements';
import { Bookshelf } from '../support/bookshelf';
import { Do, DoHandler } from '../support/handlers';
import { keepNotes, NoteTable } from '../support/notes';

describe('Rows that a transaction has read before', () => {
  let shop: Bookshelf;
  const unit = <T>(work: () => Promise<T>): Promise<T> => shop.send(new Do(work));
  const read = async (...ids: string[]): Promise<string[]> => {
    const rows = await shop.work.findMany(NoteTable, ids);
    return rows.map(({ text }) => text).sort();
  };
  const sql = (text: string) => shop.work.query(text);

  /** How often the database is asked for notes by their keys. */
  async function timesAsked(work: () => Promise<unknown>): Promise<number> {
    let times = 0;
    const end = interceptStatements(shop.get(Database), (statement, send) => {
      if (/^SELECT id, text FROM note WHERE \(id\)/.test(statement.sql)) times++;
      return send();
    });
    await work().finally(end);
    return times;
  }

  beforeEach(async () => {
    shop = await Bookshelf.start({ providers: [DoHandler] });
    await keepNotes(shop, 'a', 'b', 'c');
  });
  afterEach(() => shop.close());

  it('are not asked for again, be they there or not', async () => {
    const work = async () => {
      expect(await read('a', 'b', 'x')).toEqual(['a', 'b']);
      for (const [id, texts] of [['a', ['a']] as const, ['b', ['b']] as const, ['x', []] as const])
        expect(await read(id)).toEqual(texts);
      await unit(async () => expect(await read('b', 'a')).toEqual(['a', 'b']));
    };
    expect(await timesAsked(() => unit(work))).toBe(1);
  });

  it('are one each, however often a key is named', async () => {
    await unit(async () => {
      shop.work.put(NoteTable, { id: 'd', text: 'dog' });
      for (let time = 0; time < 2; time++)
        expect(await read('a', 'a', 'd', 'd', 'b', 'x', 'x')).toEqual(['a', 'b', 'dog']);
    });
  });

  it('are asked for again together with others that were not read', async () => {
    const work = async () => {
      await read('a');
      expect(await read('a', 'b', 'c')).toEqual(['a', 'b', 'c']);
    };
    expect(await timesAsked(() => unit(work))).toBe(2);
  });

  it('are asked for by the next transaction', async () => {
    const work = async () => {
      await unit(() => read('a'));
      await unit(() => read('a'));
    };
    expect(await timesAsked(work)).toBe(2);
  });

  it('are as they are now, when what was changed has been sent to the database meanwhile', async () => {
    await unit(async () => {
      await read('a', 'b', 'c', 'd');
      shop.work.change(NoteTable, 'a', { text: 'ant' });
      shop.work.remove(NoteTable, 'b');
      shop.work.put(NoteTable, { id: 'c', text: 'cat' });
      shop.work.insert(NoteTable, { id: 'd', text: 'dog' });
      // A question in SQL has to see all of it.
      expect(await sql('SELECT id FROM note')).toHaveLength(3);
      expect(await read('a', 'b', 'c', 'd')).toEqual(['ant', 'cat', 'dog']);
    });
  });

  it('are as a statement in SQL has left them, also when they were read beside it', async () => {
    await unit(async () => {
      await read('a');
      await sql(`UPDATE note SET text = 'ant' WHERE id = 'a'`);
      expect(await read('a')).toEqual(['ant']);
      await Promise.all([read('a'), sql(`UPDATE note SET text = 'ape' WHERE id = 'a'`), read('a')]);
      expect(await read('a')).toEqual(['ape']);
    });
  });

  it('are as they were, when a unit within the unit has changed them and failed', async () => {
    await unit(async () => {
      await read('a');
      const failing = unit(async () => {
        shop.work.change(NoteTable, 'a', { text: 'ant' });
        expect(await read('a')).toEqual(['ant']);
        throw new Error('never mind');
      });
      await expect(failing).rejects.toThrow('never mind');
      expect(await read('a')).toEqual(['a']);
    });
  });

  it('are nobody else’s: whoever changes what it was given has changed nothing', async () => {
    await unit(async () => {
      const note = (await shop.work.find(NoteTable, 'a'))!;
      note.text = 'ant';
      expect(await read('a')).toEqual(['a']);
    });
  });
});

import { TableShape } from '../database/tables';
import { Pending, VersionConflict, WriteSet } from './write-set';

const shelf = { name: 'shelf' } as TableShape;
const till = { name: 'till' } as TableShape;

const Taken = new Error('that place is taken');
const taken = () => Taken;
const insert = (version = 1): Pending => ({ kind: 'insert', key: 'a', row: { version }, conflict: taken });
const put = (version = 7): Pending => ({ kind: 'put', key: 'a', row: { version } });
const update = (expected: number, version = expected + 1): Pending => ({
  kind: 'update',
  key: 'a',
  row: { version },
  expected,
});
const change = (columns: object): Pending => ({ kind: 'change', key: 'a', columns });
const remove = (): Pending => ({ kind: 'remove', key: 'a' });

const setOf = (...writes: Pending[]): WriteSet => {
  const set = new WriteSet();
  for (const write of writes) set.add(shelf, write);
  return set;
};
const pendingOf = (...writes: Pending[]) => setOf(...writes).get(shelf, 'a');

describe('the writes of a unit of work', () => {
  describe('a row that is written twice is sent once, in its last state', () => {
    it.each<[string, Pending[], object]>([
      ['added and put', [insert(), put(9)], { ...insert(), row: { version: 9 } }],
      ['added and changed', [insert(1), update(1, 3)], { ...insert(), row: { version: 3 } }],
      ['put and put', [put(1), put(2)], put(2)],
      ['put and changed', [put(1), update(1, 2)], put(2)],
      ['changed and changed', [update(4, 5), update(5, 6)], update(4, 6)],
      ['changed and put', [update(4, 5), put(9)], update(4, 9)],
      ['added and removed', [insert(), remove()], remove()],
      ['put and removed', [put(), remove()], remove()],
      ['changed and removed', [update(1), remove()], remove()],
      [
        'added and changed in a column',
        [insert(), change({ title: 'Emma' })],
        { ...insert(), row: { version: 1, title: 'Emma' } },
      ],
      [
        'put and changed in a column',
        [put(), change({ title: 'Emma' })],
        { ...put(), row: { version: 7, title: 'Emma' } },
      ],
      [
        'changed and changed in a column',
        [update(4, 5), change({ title: 'Emma' })],
        { ...update(4), row: { version: 5, title: 'Emma' } },
      ],
      [
        'changed in two columns',
        [change({ title: 'Emma' }), change({ author: 'Austen' })],
        change({ title: 'Emma', author: 'Austen' }),
      ],
      [
        'changed in a column twice',
        [change({ title: 'Emma' }), change({ title: undefined })],
        change({ title: undefined }),
      ],
      ['changed in a column and added', [change({ title: 'Emma' }), insert()], insert()],
      ['changed in a column and put', [change({ title: 'Emma' }), put()], put()],
      ['changed in a column and changed', [change({ title: 'Emma' }), update(1)], update(1)],
      ['changed in a column and removed', [change({ title: 'Emma' }), remove()], remove()],
      ['removed and changed in a column', [remove(), change({ title: 'Emma' })], remove()],
      ['removed and removed', [remove(), remove()], remove()],
      ['removed and put', [remove(), put(2)], put(2)],
      ['removed and added again, which replaces the row that may still be there', [remove(), insert(3)], put(3)],
    ])('%s', (_, writes, expected) => {
      expect(pendingOf(...writes)).toEqual(expected);
    });

    it('a row that was added is still guarded by the error of its unique key after a change', () => {
      const pending = pendingOf(insert(1), update(1, 2)) as Extract<Pending, { kind: 'insert' }>;
      expect(pending.conflict!()).toBe(Taken);
    });
  });

  describe('a write that the pending state forbids is refused', () => {
    it.each([
      ['added', insert()],
      ['put', put()],
      ['changed', update(1)],
    ])('a row that was %s cannot be added: the insert brings the error', (_, before) => {
      expect(() => pendingOf(before, insert())).toThrow(Taken);
    });

    it('a second row with the same key is named where the insert brings no error', () => {
      const bare: Pending = { kind: 'insert', key: ['a', 1], row: {} };
      expect(() => setOf(bare, bare)).toThrow('shelf ["a",1] is there already');
    });

    it.each([
      ['added', insert(2)],
      ['put', put(2)],
      ['changed', update(1, 2)],
    ])('a row that was %s cannot be changed from another version than it has now', (_, before) => {
      expect(() => pendingOf(before, update(1))).toThrow(VersionConflict);
      expect(() => pendingOf(before, update(2))).not.toThrow();
    });

    it('a row that was removed cannot be changed', () => {
      expect(() => pendingOf(remove(), update(1))).toThrow(VersionConflict);
    });

    it('what was pending before the refusal stays', () => {
      const set = setOf(insert(2));
      expect(() => set.add(shelf, update(1))).toThrow(VersionConflict);
      expect(set.get(shelf, 'a')).toMatchObject({ kind: 'insert', row: { version: 2 } });
    });
  });

  describe('merging what a smaller unit has written', () => {
    it('takes in everything, combined with what is there', () => {
      const outer = setOf(insert(1));
      const inner = setOf(update(1, 2));
      inner.add(till, { kind: 'put', key: 'b', row: { sum: 3 } });
      outer.merge(inner);
      expect(outer.get(shelf, 'a')).toMatchObject({ kind: 'insert', row: { version: 2 } });
      expect(outer.get(till, 'b')).toMatchObject({ kind: 'put', row: { sum: 3 } });
    });

    it('takes in nothing when a single row is refused', () => {
      const outer = setOf(insert(5));
      const inner = new WriteSet();
      inner.add(till, { kind: 'put', key: 'b', row: { sum: 3 } });
      inner.add(shelf, update(1));
      expect(() => outer.merge(inner)).toThrow(VersionConflict);
      expect(outer.get(till, 'b')).toBeUndefined();
      expect(outer.get(shelf, 'a')).toMatchObject({ row: { version: 5 } });
    });

    it('leaves the smaller one as it was', () => {
      const inner = setOf(update(1));
      setOf(insert(1)).merge(inner);
      expect(inner.get(shelf, 'a')).toMatchObject({ kind: 'update' });
    });
  });

  it('keeps rows of different keys and tables apart', () => {
    const set = setOf(insert(), { kind: 'put', key: ['a', 1], row: {} }, { kind: 'put', key: 1, row: {} });
    set.add(till, remove());
    expect(set.get(shelf, ['a', 1])).toMatchObject({ kind: 'put' });
    expect(set.get(shelf, ['a', 2])).toBeUndefined();
    expect(set.get(till, 'a')).toMatchObject({ kind: 'remove' });
    expect(set.get(shelf, 'a')).toMatchObject({ kind: 'insert' });
  });

  it('hands its writes over table by table in the order of their first use, and is empty then', () => {
    const set = new WriteSet();
    expect(set.isEmpty).toBe(true);
    set.add(till, { kind: 'put', key: 1, row: {} });
    set.add(shelf, insert());
    set.add(till, { kind: 'remove', key: 2 });
    expect(set.isEmpty).toBe(false);
    const taken = set.take().map(([{ name }, writes]) => [name, writes.map(({ kind }) => kind)]);
    expect(taken).toEqual([
      ['till', ['put', 'remove']],
      ['shelf', ['insert']],
    ]);
    expect(set.isEmpty).toBe(true);
    expect(set.take()).toEqual([]);
  });
});

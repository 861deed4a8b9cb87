import { Key, TableShape } from '../database/tables';
import { KnownRows } from './known-rows';

describe('What a transaction knows of rows', () => {
  const shape = { keyFrom: ({ id }: Record<string, unknown>) => id as Key } as TableShape;
  const other = { ...shape } as TableShape;
  let known: KnownRows;
  beforeEach(() => (known = new KnownRows()));
  const learn = (keys: readonly Key[], ...found: Key[]) =>
    known.learn(
      shape,
      keys,
      found.map((id) => ({ id })),
      known.asOf,
    );

  it('is what it has found, and what it has not, of each table apart', () => {
    learn([1, 2], 1);
    expect(known.of(shape, [1])).toEqual([{ id: 1 }]);
    expect(known.of(shape, [2])).toEqual([]);
    expect(known.of(shape, [1, 3])).toBeUndefined();
    expect(known.of(other, [1])).toBeUndefined();
  });

  it('is nothing once something was written, nor what was asked for before and comes in afterwards', () => {
    learn([1], 1);
    const before = known.asOf;
    known.forget();
    expect(known.of(shape, [1])).toBeUndefined();
    known.learn(shape, [1], [{ id: 1 }], before);
    expect(known.of(shape, [1])).toBeUndefined();
  });

  it('is nothing of rows that the database has found by keys which are written in another way', () => {
    learn(['A'], 'a');
    expect(known.of(shape, ['A'])).toBeUndefined();
    expect(known.of(shape, ['a'])).toBeUndefined();
  });

  it('is never more than a transaction can be expected to ask for again', () => {
    for (let key = 0; key < 2_000; key++) learn([key], key);
    expect(known.of(shape, [0])).toEqual([{ id: 0 }]);
    expect(known.of(shape, [1_999])).toBeUndefined();
  });
});

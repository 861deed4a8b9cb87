import * as fc from 'fast-check';
import { Invalid } from '../../kernel/domain-error';
import { decodeCursor, encodeCursor, page } from './page';

describe('A page', () => {
  const rows = [1, 2, 3, 4, 5];
  const key = (row: number) => [row, `id-${row}`];

  it('has a cursor to the next one when there is one more row than it shows', () => {
    const { items, next } = page(rows, 4, key);
    expect(items).toEqual([1, 2, 3, 4]);
    expect(decodeCursor(next ?? '', ['number', 'string'])).toEqual([4, 'id-4']);
  });

  it('is the last one otherwise', () => {
    expect(page(rows, 5, key)).toEqual({ items: rows });
    expect(page([], 5, key)).toEqual({ items: [] });
  });
});

describe('A cursor', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        fc.integer(),
        (text, number) => {
          const cursor = encodeCursor([text, number]);
          expect(cursor).toMatch(/^[\w-]+$/);
          expect(decodeCursor(cursor, ['string', 'number'])).toEqual([text, number]);
        },
      ),
    );
  });

  it.each([
    ['nothing', ''],
    ['no base64', '!!!'],
    ['no JSON', Buffer.from('nonsense').toString('base64url')],
    ['no list', Buffer.from('{"0":1,"length":1}').toString('base64url')],
    ['too few parts', encodeCursor([1])],
    ['too many parts', encodeCursor([1, 'a', 2])],
    ['other types', encodeCursor(['1', 'a'])],
    ['a number that JSON cannot carry', Buffer.from('[1e999,"a"]').toString('base64url')],
    ['a fraction', encodeCursor([1.5, 'a'])],
    ['a number that is not exact', encodeCursor([2 ** 53, 'a'])],
    ['null', Buffer.from('[null,"a"]').toString('base64url')],
    ['NUL', encodeCursor([1, '\0'])],
    ['half a surrogate pair', Buffer.from('[1,"\\ud83d"]').toString('base64url')],
    ['another writing of the same', `${encodeCursor([1, 'a'])}=`],
    ['spaces', Buffer.from('[1, "a"]').toString('base64url')],
    ['deep nesting', Buffer.from('['.repeat(100_000)).toString('base64url')],
  ])('of %s is refused', (_what, cursor) => {
    const decode = () => decodeCursor(cursor, ['number', 'string']);
    expect(decode).toThrow(Invalid);
    expect(decode).toThrow(expect.objectContaining({ code: 'cursor-invalid', path: 'cursor' }));
  });
});

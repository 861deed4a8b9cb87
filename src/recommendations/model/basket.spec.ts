import { MOST_BOOKS, pairsOf } from './basket';

describe('The pairs of an order', () => {
  it('are none where it has one book', () => {
    expect(pairsOf(['a'])).toEqual([]);
  });

  it('are seen from each of its books', () => {
    expect(pairsOf(['a', 'b', 'c'])).toEqual([
      ...[
        ['a', 'b'],
        ['a', 'c'],
      ],
      ...[
        ['b', 'a'],
        ['b', 'c'],
      ],
      ...[
        ['c', 'a'],
        ['c', 'b'],
      ],
    ]);
  });

  it('are those of its first twenty books, and so never more than 380', () => {
    const books = Array.from({ length: 100 }, (_, at) => `book ${at}`);
    const pairs = pairsOf(books);
    expect(pairs).toHaveLength(380);
    expect(new Set(pairs.flat())).toEqual(new Set(books.slice(0, MOST_BOOKS)));
  });
});

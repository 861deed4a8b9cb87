import { BookAdded, BookPublished, BookRepriced, BookRevised, BookWithdrawn } from '../catalog.events';
import { Book, BookStatus } from './book';

const gatsby = {
  id: '42',
  title: 'The Great Gatsby',
  author: 'F. Scott Fitzgerald',
  isbn: '978-0-7432-7356-5',
  price: { amount: 1299, currency: 'USD' },
  addedAt: new Date('2026-01-05T10:00:00Z'),
};

const steps: Record<BookStatus, (book: Book) => void> = {
  ADDED: () => {},
  PUBLISHED: (book) => book.bringOut(),
  WITHDRAWN: (book) => book.withdraw(),
};

/** A book that has come to this state, and whose events so far are history. */
function bookThatIs(status: BookStatus): Book {
  const book = Book.add(gatsby);
  steps[status](book);
  return Book.restore(book.snapshot());
}

describe('Adding a book', () => {
  it('takes it into the catalog and tells so', () => {
    const book = Book.add({
      ...gatsby,
      description: ' Long Island, 1922. ',
      publishAt: new Date('2026-04-10T00:00:00Z'),
      reference: 'row-1',
    });

    expect(book.id).toBe('42');
    expect(book.snapshot()).toEqual({
      ...gatsby,
      isbn: '9780743273565',
      description: 'Long Island, 1922.',
      publishAt: new Date('2026-04-10T00:00:00Z'),
      reference: 'row-1',
      status: 'ADDED',
    });
    expect(book.getUncommittedEvents()).toEqual([
      new BookAdded({
        bookId: '42',
        title: 'The Great Gatsby',
        author: 'F. Scott Fitzgerald',
        isbn: '9780743273565',
        price: { amount: 1299, currency: 'USD' },
        description: 'Long Island, 1922.',
        publishAt: '2026-04-10T00:00:00.000Z',
      }),
    ]);
  });

  it.each([
    ['title', 200],
    ['author', 150],
    ['description', 5000],
    ['reference', 200],
  ])('takes a %s of %i characters and not one more', (path, longest) => {
    expect(() => Book.add({ ...gatsby, [path]: '字'.repeat(longest) })).not.toThrow();
    expect(() => Book.add({ ...gatsby, [path]: '字'.repeat(longest + 1) })).toThrow(
      expect.objectContaining({ code: 'text-too-long', path }),
    );
  });

  it.each(['title', 'author'])('needs a %s', (path) => {
    expect(() => Book.add({ ...gatsby, [path]: ' ' })).toThrow(`${path} must not be empty`);
  });

  it('needs no ISBN, but no wrong one either', () => {
    expect(Book.add({ ...gatsby, isbn: undefined }).snapshot().isbn).toBeUndefined();
    expect(() => Book.add({ ...gatsby, isbn: '9780743273566' })).toThrow('correct check digit');
  });
});

describe('Revising a book', () => {
  it('corrects what is given, leaves the rest, and tells all of it', () => {
    const book = bookThatIs('PUBLISHED');
    book.revise({ description: 'Long Island, 1922.' });

    expect(book.snapshot()).toMatchObject({ title: 'The Great Gatsby', description: 'Long Island, 1922.' });
    expect(book.getUncommittedEvents()).toEqual([
      new BookRevised({
        bookId: '42',
        title: 'The Great Gatsby',
        author: 'F. Scott Fitzgerald',
        isbn: '9780743273565',
        description: 'Long Island, 1922.',
      }),
    ]);
  });

  it('moves the day on which it is to come out', () => {
    const book = bookThatIs('ADDED');
    book.revise({ publishAt: new Date('2026-04-10T00:00:00Z') });
    expect(book.getUncommittedEvents()).toMatchObject([{ publishAt: '2026-04-10T00:00:00.000Z' }]);
    expect(book.snapshot().publishAt).toEqual(new Date('2026-04-10T00:00:00Z'));
  });

  it('removes what is null', () => {
    const book = bookThatIs('ADDED');
    book.revise({ isbn: null });
    expect(book.snapshot().isbn).toBeUndefined();
  });

  it('tells nothing when nothing changes', () => {
    const book = bookThatIs('ADDED');
    const before = book.snapshot();
    book.revise({});
    book.revise({ title: undefined, author: 'F. Scott Fitzgerald ', isbn: '0-7432-7356-7', description: null });
    expect(book.getUncommittedEvents()).toEqual([]);
    expect(book.snapshot()).toBe(before);
  });

  it('changes nothing when one correction is wrong', () => {
    const book = bookThatIs('ADDED');
    const before = book.snapshot();
    expect(() => book.revise({ title: 'Gatsby', author: '' })).toThrow('author must not be empty');
    expect(book.snapshot()).toBe(before);
  });
});

describe('Repricing a book', () => {
  it('tells the new price and the former one', () => {
    const book = bookThatIs('PUBLISHED');
    book.reprice({ amount: 999, currency: 'USD' });
    expect(book.snapshot().price).toEqual({ amount: 999, currency: 'USD' });
    expect(book.getUncommittedEvents()).toEqual([
      new BookRepriced({
        bookId: '42',
        price: { amount: 999, currency: 'USD' },
        formerPrice: { amount: 1299, currency: 'USD' },
      }),
    ]);
  });

  it('tells nothing when the price is the same', () => {
    const book = bookThatIs('ADDED');
    book.reprice({ amount: 1299, currency: 'USD' });
    expect(book.getUncommittedEvents()).toEqual([]);
  });
});

describe('Publishing and withdrawing', () => {
  it('tells that the book has come out', () => {
    const book = bookThatIs('ADDED');
    book.bringOut();
    expect(book.snapshot().status).toBe('PUBLISHED');
    expect(book.getUncommittedEvents()).toEqual([
      new BookPublished({ bookId: '42', title: 'The Great Gatsby', author: 'F. Scott Fitzgerald' }),
    ]);
  });

  it.each<[string, string | undefined, BookStatus, boolean]>([
    ['at the moment that is set', '2026-04-10T12:00:00Z', 'ADDED', true],
    ['after it', '2026-04-10T11:59:59.999Z', 'ADDED', true],
    ['not before it', '2026-04-10T12:00:00.001Z', 'ADDED', false],
    ['not without one', undefined, 'ADDED', false],
    ['not when it is out', '2026-04-10T12:00:00Z', 'PUBLISHED', false],
    ['not when it is withdrawn', '2026-04-10T12:00:00Z', 'WITHDRAWN', false],
  ])('is due %s', (_, publishAt, status, isDue) => {
    const book = Book.add({ ...gatsby, publishAt: publishAt ? new Date(publishAt) : undefined });
    steps[status](book);
    expect(book.isDue(new Date('2026-04-10T12:00:00Z'))).toBe(isDue);
  });

  it.each(['ADDED', 'PUBLISHED'] as const)('tells that a book that was %s is withdrawn, and why', (status) => {
    const book = bookThatIs(status);
    book.withdraw('out of print');
    expect(book.snapshot().status).toBe('WITHDRAWN');
    expect(book.getUncommittedEvents()).toEqual([
      new BookWithdrawn({ bookId: '42', title: 'The Great Gatsby', reason: 'out of print' }),
    ]);
  });
});

describe('A book', () => {
  it.each<[BookStatus, string, (book: Book) => void]>([
    ['PUBLISHED', 'published', (book) => book.bringOut()],
    ['WITHDRAWN', 'published', (book) => book.bringOut()],
    ['WITHDRAWN', 'withdrawn', (book) => book.withdraw()],
    ['WITHDRAWN', 'revised', (book) => book.revise({ title: 'Gatsby' })],
    ['WITHDRAWN', 'repriced', (book) => book.reprice({ amount: 1, currency: 'USD' })],
  ])('that is %s cannot be %s', (status, wanted, verb) => {
    const book = bookThatIs(status);
    const before = book.snapshot();

    expect(() => verb(book)).toThrow(
      expect.objectContaining({
        code: 'book-state-forbids',
        message: `book 42 cannot be ${wanted}: it is ${status}`,
        details: { status, wanted },
      }),
    );
    expect(book.snapshot()).toBe(before);
    expect(book.getUncommittedEvents()).toEqual([]);
  });
});

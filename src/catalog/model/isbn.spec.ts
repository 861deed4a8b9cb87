import * as fc from 'fast-check';
import { isbnFromDamagedNumber, isbnFromShortenedNumber, parseIsbn } from './isbn';

/** An ISBN-13, made without the code under test. */
const isbn13 = fc.tuple(fc.constantFrom('978', '979'), fc.stringMatching(/^[0-9]{9}$/)).map(([prefix, rest]) => {
  const twelve = prefix + rest;
  const isRight = (check: number) =>
    [...twelve, check].reduce((sum: number, digit, index) => sum + Number(digit) * [1, 3][index % 2], 0) % 10 === 0;
  return twelve + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find(isRight);
});

describe('An ISBN', () => {
  it.each([
    ['9780743273565', '9780743273565'],
    ['978-0-7432-7356-5', '9780743273565'],
    [' 978 0 7432 7356 5 ', '9780743273565'],
    ['978–0–7432–7356–5', '9780743273565'],
    ['0-7432-7356-7', '9780743273565'],
    ['0-8044-2957-X', '9780804429573'],
    ['080442957x', '9780804429573'],
    ['979-10-90636-07-1', '9791090636071'],
  ])('is read from %j as %s', (written, isbn) => {
    expect(parseIsbn(written)).toBe(isbn);
  });

  it.each([
    ['', 'isbn-wrong-length', 'must have 13 digits, or 10 of which the last may be an X'],
    ['978074327356', 'isbn-wrong-length', 'must have 13 digits, or 10 of which the last may be an X'],
    ['97807432735655', 'isbn-wrong-length', 'must have 13 digits, or 10 of which the last may be an X'],
    ['X804429570', 'isbn-wrong-length', 'must have 13 digits, or 10 of which the last may be an X'],
    ['9780743273566', 'isbn-wrong-check-digit', 'must be an ISBN-13 with a correct check digit'],
    ['0743273568', 'isbn-wrong-check-digit', 'must be an ISBN-10 with a correct check digit'],
    ['9770743273568', 'isbn-wrong-prefix', 'must begin with 978 or 979'],
  ])('is not %j: %s', (written, code, rule) => {
    expect(() => parseIsbn(written)).toThrow(expect.objectContaining({ code, path: 'isbn', rule }));
  });

  it('survives being written with hyphens', () => {
    fc.assert(
      fc.property(isbn13, fc.array(fc.nat(12), { maxLength: 4 }), (isbn, places) => {
        const written = [...isbn].map((digit, place) => (places.includes(place) ? `-${digit}` : digit)).join('');
        expect(parseIsbn(written)).toBe(isbn);
      }),
    );
  });

  it('is known to be wrong when one digit is', () => {
    fc.assert(
      fc.property(isbn13, fc.integer({ min: 3, max: 12 }), fc.integer({ min: 1, max: 9 }), (isbn, place, more) => {
        const wrong = isbn.slice(0, place) + ((Number(isbn[place]) + more) % 10) + isbn.slice(place + 1);
        expect(() => parseIsbn(wrong)).toThrow('isbn must be an ISBN-13 with a correct check digit');
      }),
    );
  });
});

describe('An ISBN that a spreadsheet has turned into a floating-point number', () => {
  it.each([
    ['9.78043902348e+12', '9780439023481'],
    ['9.78043902348E+12', '9780439023481'],
    ['9.78159448e+12', '9781594480003'],
  ])('is repaired when only one fits: %s', (damaged, isbn) => {
    expect(isbnFromDamagedNumber(damaged)).toBe(isbn);
  });

  it('is not repaired when two fit', () => {
    for (const isbn of ['9780316015837', '9780316015844']) {
      expect(Number(parseIsbn(isbn)).toPrecision(12)).toBe('9.78031601584e+12');
    }
    expect(isbnFromDamagedNumber('9.78031601584e+12')).toBeUndefined();
  });

  it.each([
    '',
    'unknown',
    '9.78E+12',
    '9.78044E+12',
    '9.78043902348e+11',
    '1.78043902348e+12',
    '97893806587.0',
    '9780439023481',
  ])('is not repaired when too little of it is left: %j', (damaged) => {
    expect(isbnFromDamagedNumber(damaged)).toBeUndefined();
  });

  it('is repaired to what it was, or not at all, whichever way the program rounded', () => {
    fc.assert(
      fc.property(isbn13, fc.boolean(), (isbn, upward) => {
        const twelve = Number(isbn.slice(0, 12)) + (Number(isbn[12]) > (upward ? 4 : 5) ? 1 : 0);
        const damaged = (twelve / 1e11).toString() + 'e+12';
        expect([isbn, undefined]).toContain(isbnFromDamagedNumber(damaged));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('An ISBN that has lost its leading zeros', () => {
  it.each([
    ['439023483', '9780439023481'],
    ['61120081', '9780061120084'],
    ['0439023483', '9780439023481'],
    ['80442957x', '9780804429573'],
  ])('is repaired: %s', (shortened, isbn) => {
    expect(isbnFromShortenedNumber(shortened)).toBe(isbn);
  });

  it.each(['', '0', '439023484', '43902348.0', '9780439023481'])(
    'is not repaired when it was none: %j',
    (shortened) => {
      expect(isbnFromShortenedNumber(shortened)).toBeUndefined();
    },
  );
});

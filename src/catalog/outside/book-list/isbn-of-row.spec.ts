import { isbnOfRow } from './isbn-of-row';

describe('The ISBN of a row', () => {
  it.each<[what: string, tens: string[], thirteens: string[], isbn: string | undefined]>([
    ['the ISBN-13', [], ['978-0-7432-7356-5'], '9780743273565'],
    ['the ISBN-10', ['0-7432-7356-7'], [], '9780743273565'],
    ['an ISBN-13 in the column of the ISBN', ['9780743273565'], [], '9780743273565'],
    [
      'the ISBN-10 that is complete, when the ISBN-13 is rounded',
      ['080442957X'],
      ['9.78080442957e+12'],
      '9780804429573',
    ],
    ['the one that is right, when the other is wrong', ['0743273568'], ['9780743273565'], '9780743273565'],
    ['the one that is right, when the other is not even a number', ['B00X'], ['9780743273565'], '9780743273565'],
    ['the ISBN-10 that has lost its zeros', ['439023483'], ['9.78043902348e+12'], '9780439023481'],
    ['the rounded number, when only one fits', [''], ['9.78043902348e+12'], '9780439023481'],
    ['the rounded number, when the ISBN-10 is wrong', ['439023484'], ['9.78043902348e+12'], '9780439023481'],
    ['a number that was made a text for a spreadsheet', ['="0439023483"'], ['=""'], '9780439023481'],
    ['a number after an apostrophe', ["'0439023483"], [], '9780439023481'],
    ['a number with a fraction of nothing', ['439023483.0'], ['9780439023481.0'], '9780439023481'],
    ['a number that says what it is', ['ISBN-13: 978-0-7432-7356-5'], [], '9780743273565'],
    ['none', [], [], undefined],
    ['none, in so many words', ['-', 'N/A'], ['nan', ' '], undefined],
  ])('is %s', (_, tens, thirteens, isbn) => {
    expect(isbnOfRow(tens, thirteens)).toEqual(isbn ? { isbn } : {});
  });

  it.each<[string[], string[], string]>([
    [[], ['9.78031601584e+12'], '9.78031601584e+12'],
    [['439023484'], [], '439023484'],
    [['439023484'], ['2.94001623192e+12'], '2.94001623192e+12 or 439023484'],
    [[], ['97893806587.0'], '97893806587'],
    // Nobody writes an ISBN-10 there, so a number that happens to be one with zeros before it was something else.
    [[], ['439023483'], '439023483'],
  ])('is left out, with a note, when it is damaged beyond repair: %j %j', (tens, thirteens, written) => {
    expect(isbnOfRow(tens, thirteens)).toEqual({
      note: `the ISBN ${written} is damaged beyond repair: taken without`,
    });
  });

  it.each<[string[], string[], string]>([
    [['0743273568'], [], 'isbn must be an ISBN-10 with a correct check digit'],
    [[], ['9780743273566'], 'isbn must be an ISBN-13 with a correct check digit'],
    [[], ['2940016231921'], 'isbn must begin with 978 or 979'],
    [['0743273568'], ['2.94001623192e+12'], 'isbn must be an ISBN-10 with a correct check digit'],
    [['B00X'], [], 'isbn must have 13 digits, or 10 of which the last may be an X'],
  ])('is refused when it is wrong: %j %j', (tens, thirteens, message) => {
    expect(() => isbnOfRow(tens, thirteens)).toThrow(message);
  });
});

import { Invalid } from '../../kernel/domain-error';

/**
 * Reads an ISBN as people write it: with or without hyphens and blanks, with 10 or with 13 digits.
 * @returns the 13 digits
 * @throws Invalid at `isbn`, naming the rule that is broken
 */
export function parseIsbn(text: string): string {
  const isbn = text.replace(/[\s\p{Pd}]/gu, '').toUpperCase();
  if (/^\d{9}[\dX]$/.test(isbn)) {
    if (checkDigitOf10(isbn) !== isbn[9]) throw wrongCheckDigit(10);
    return withCheckDigit(`978${isbn.slice(0, 9)}`);
  }
  if (!/^\d{13}$/.test(isbn)) {
    throw new Invalid('isbn-wrong-length', 'isbn', 'must have 13 digits, or 10 of which the last may be an X');
  }
  if (!/^97[89]/.test(isbn)) throw new Invalid('isbn-wrong-prefix', 'isbn', 'must begin with 978 or 979');
  if (withCheckDigit(isbn.slice(0, 12)) !== isbn) throw wrongCheckDigit(13);
  return isbn;
}

/**
 * Repairs an ISBN-13 that a spreadsheet has written as a floating-point number of 12 significant digits, such as
 * `9.78043902348e+12`. The check digit tells which of the numbers that round to it can have been meant.
 * @returns the 13 digits, or undefined when none or more than one fits
 */
export function isbnFromDamagedNumber(text: string): string | undefined {
  // Trailing zeros are not written. Fewer than 8 digits are no such number, but one shortened for display: 9.78044E+12.
  const match = /^(9)\.(7[89]\d{5,9})e\+?12$/i.exec(text.trim());
  if (!match) return undefined;
  const rounded = Number((match[1] + match[2]).padEnd(12, '0'));
  // Programs disagree on which way a 5 is rounded, so it counts both ways.
  const fitting = [
    ...[withCheckDigit(String(rounded - 1))].filter((isbn) => Number(isbn[12]) >= 5),
    ...[withCheckDigit(String(rounded))].filter((isbn) => Number(isbn[12]) <= 5),
  ].filter((isbn) => /^97[89]/.test(isbn));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/**
 * Repairs an ISBN-10 whose leading zeros a spreadsheet has dropped: `439023483` was `0439023483`.
 * @returns the 13 digits, or undefined when the check digit tells that it was something else
 */
export function isbnFromShortenedNumber(text: string): string | undefined {
  const digits = text.trim().toUpperCase();
  const isbn = digits.padStart(10, '0');
  return /^\d{5,9}[\dX]$/.test(digits) && checkDigitOf10(isbn) === isbn[9] ? parseIsbn(isbn) : undefined;
}

function withCheckDigit(twelve: string): string {
  const sum = [...twelve].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return twelve + String((10 - (sum % 10)) % 10);
}

function checkDigitOf10(isbn: string): string {
  const sum = [...isbn.slice(0, 9)].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? 'X' : String(check);
}

const wrongCheckDigit = (digits: number): Invalid =>
  new Invalid('isbn-wrong-check-digit', 'isbn', `must be an ISBN-${digits} with a correct check digit`);

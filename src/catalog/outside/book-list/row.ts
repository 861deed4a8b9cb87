import { createHash } from 'node:crypto';
import { DomainError, Invalid } from '../../../kernel/domain-error';
import { Money, moneyFromDecimal } from '../../../kernel/money';
import { refusal, Row } from '../../commands/import-books';
import { isbnOfRow } from './isbn-of-row';

/** What the list does not say about a book. */
export interface Defaults {
  /** What a book costs whose row has no price. */
  readonly price?: Money;
  /** Of prices whose row has no currency. */
  readonly currency: string;
}

export type Column =
  'title' | 'originalTitle' | 'author' | 'isbn' | 'isbn13' | 'price' | 'currency' | 'description' | 'publishAt';

const COLUMNS: ReadonlyMap<string, Column> = new Map([
  ['title', 'title'],
  ['originaltitle', 'originalTitle'],
  ['author', 'author'],
  ['authors', 'author'],
  ['isbn', 'isbn'],
  ['isbn10', 'isbn'],
  ['isbn13', 'isbn13'],
  ['ean', 'isbn13'],
  ['price', 'price'],
  ['currency', 'currency'],
  ['description', 'description'],
  ['publishat', 'publishAt'],
]);

/** What a column is called in this house, whatever its case and whether its words are joined by _, - or a blank. */
export const columnOf = (name: string): Column | undefined => COLUMNS.get(name.toLowerCase().replace(/[\s_-]/g, ''));

/** What is written in the columns that are known. Several columns may mean the same. */
export class Cells {
  private readonly texts = new Map<Column, string[]>();

  add(column: Column, text: string): void {
    const trimmed = text.trim();
    if (trimmed !== '') this.texts.set(column, [...this.all(column), trimmed]);
  }

  all(column: Column): readonly string[] {
    return this.texts.get(column) ?? [];
  }

  /** @returns what is written, or nothing: '' */
  get(column: Column): string {
    return this.all(column)[0] ?? '';
  }
}

/** Makes a row into the facts of a book. Whether those keep to the rules of the catalog is for the catalog to say. */
export function rowOf(line: number, cells: Cells, defaults: Defaults): Row {
  const title = singleLine(cells.get('title') || cells.get('originalTitle'));
  try {
    const author = singleLine(cells.get('author'));
    const { isbn, note } = isbnOfRow(cells.all('isbn'), cells.all('isbn13'));
    const facts = {
      title: readable(title, 'title'),
      author: readable(author, 'author'),
      isbn,
      price: priceOf(cells.get('price'), cells.get('currency'), defaults),
      description: readable(cells.get('description'), 'description') || undefined,
      publishAt: momentOf(cells.get('publishAt')),
      reference: isbn ? `isbn:${isbn}` : `title:${fingerprint(`${title}|${author}`)}`,
    };
    return { line, facts, note };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return refusal(line, error.message, title);
  }
}

const singleLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

function readable(text: string, path: string): string {
  if (/[^\P{Cc}\n\r\t]/u.test(text)) {
    throw new Invalid('text-unreadable', path, 'must not contain control characters');
  }
  return text;
}

function priceOf(amount: string, currency: string, defaults: Defaults): Money {
  // Where the decimal comma is used, so is the semicolon between cells.
  if (amount) return moneyOf(amount.replace(/^(\d+),(\d{1,2})$/, '$1.$2'), currency || defaults.currency);
  if (!defaults.price) throw new Invalid('price-missing', 'price', 'is missing');
  return defaults.price;
}

/**
 * Reads a price as lists and command lines write it: an amount and a currency, side by side.
 * @throws Invalid at `price` or `currency`
 */
export function moneyOf(amount: string, currency: string): Money {
  try {
    return moneyFromDecimal(amount, currency.toUpperCase());
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    throw new Invalid(error.code, error.path === 'price.currency' ? 'currency' : 'price', error.rule);
  }
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/i;

function momentOf(text: string): Date | undefined {
  if (!text) return undefined;
  const [, year, month, day] = (MOMENT.exec(text) ?? []).map(Number);
  const moment = new Date(text.toUpperCase());
  const isReal = day <= new Date(Date.UTC(year, month, 0)).getUTCDate() && !Number.isNaN(moment.getTime());
  if (!isReal || year < 1 || moment.getUTCFullYear() > 9999) {
    throw new Invalid('moment-invalid', 'publishAt', 'must be a date such as 2026-12-24, or 2026-12-24T18:00:00Z');
  }
  return moment;
}

/** The same for a title and author however they are spaced, and in whichever case. */
const fingerprint = (text: string): string =>
  createHash('sha256').update(text.normalize('NFKC').toLowerCase()).digest('hex').slice(0, 16);

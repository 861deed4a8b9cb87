import { Invalid } from '../../../kernel/domain-error';
import { isbnFromDamagedNumber, isbnFromShortenedNumber, parseIsbn } from '../../model/isbn';

/** Spreadsheets keep digits together as `="0439023483"` or `'0439023483`, and turn them into 439023483.0 when nobody looks. */
const clean = (written: string): string =>
  written
    .trim()
    .replace(/^=?["'](.*?)["']?$/s, '$1')
    .replace(/^isbn(?:-?1[03])?:?\s+/i, '')
    .replace(/^(\d{1,13})\.0+$/, '$1')
    .trim();

const isNothing = (text: string): boolean => /^(?:|\p{Pd}+|n\/?a|nan|null|none|0)$/iu.test(text);

/** A number that some program has shortened or rounded. */
const isNumber = (text: string): boolean => /^\d+(?:\.\d+)?(?:e\+?\d+)?$/i.test(text);

/**
 * The ISBN of a row. One that is complete wins, then one that has lost its leading zeros, then one that was rounded and
 * can be restored.
 *
 * @param tens as they are written in columns for an ISBN, or an ISBN-10
 * @param thirteens as they are written in columns for an ISBN-13, or an EAN
 * @returns its 13 digits, or none; the note says that there was a number which is damaged beyond repair
 * @throws Invalid when what is written is wrong, and not just damaged
 */
export function isbnOfRow(tens: readonly string[], thirteens: readonly string[]): { isbn?: string; note?: string } {
  const [short, long] = [tens, thirteens].map((column) => column.map(clean).filter((text) => !isNothing(text)));
  const written = [...long, ...short];
  const complaints: Invalid[] = [];
  for (const text of written) {
    try {
      return { isbn: parseIsbn(text) };
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      const isDamaged = error.code === 'isbn-wrong-length' && isNumber(text);
      if (!isDamaged) complaints.push(error);
    }
  }
  const isbn = first(short, isbnFromShortenedNumber) ?? first(written, isbnFromDamagedNumber);
  if (isbn) return { isbn };
  if (complaints.length > 0) throw complaints[0];
  if (written.length === 0) return {};
  return { note: `the ISBN ${written.join(' or ')} is damaged beyond repair: taken without` };
}

function first(texts: readonly string[], repair: (text: string) => string | undefined): string | undefined {
  for (const text of texts) {
    const isbn = repair(text);
    if (isbn) return isbn;
  }
  return undefined;
}

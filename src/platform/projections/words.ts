import { Dialect } from '../database/dialect';

/** Scripts that put no spaces between words: each character counts as one. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/gu;

/** What the index takes as a part of a word; marks belong to the letter before them. */
const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\p{M}]*/gu;

/** Accents: they are written or left out as people please. */
const ACCENTS = /[\u0300-\u036f]/g;

const folded = (text: string) => text.toLowerCase().normalize('NFD').replace(ACCENTS, '').normalize('NFC');

/**
 * @param texts what people see, any of which may be missing
 * @returns the words in them, without capitals and accents, as a column of `@SearchOn` takes them
 */
export const wordsIn = (...texts: (string | undefined)[]): string =>
  texts
    .map((text) => folded((text ?? '').normalize('NFKC')).replace(UNSPACED, ' $& '))
    .join(' ')
    .match(WORD)
    ?.join(' ') ?? '';

/**
 * What somebody has typed as a question to the index: rows that have a beginning of a word for each of the words. Nothing
 * in it is taken as an operator.
 *
 * @returns what `searched` takes for `#`; nothing when there is no word in it, for which no row is found
 */
export function everyWordOf(typed: string, { name }: Dialect): string | undefined {
  const parts = typed
    .split(/\s+/)
    .map((part) => wordsIn(part))
    .filter(Boolean);
  if (parts.length === 0) return undefined;
  // A part with several words in it, such as O'Reilly's, is looked for as they stand.
  return name === 'sqlite'
    ? parts.map((words) => `"${words}"*`).join(' ')
    : parts.map((words) => `(${words.split(' ').join(' <-> ')}:*)`).join(' & ');
}

/** Scripts that put no spaces between words: each character counts as one. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/gu;

/** What the index takes as a part of a word; marks belong to the letter before them. */
const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\p{M}]*/gu;

/**
 * @param texts what people see, any of which may be missing
 * @returns the words in them, as a column of `@SearchOn` takes them
 */
export const wordsIn = (...texts: (string | undefined)[]): string =>
  texts
    .map((text) => (text ?? '').normalize('NFKC').replace(UNSPACED, ' $& '))
    .join(' ')
    .match(WORD)
    ?.join(' ') ?? '';

/**
 * What somebody has typed as a question to the index: rows that have a beginning of a word for each of the words. Nothing
 * in it is taken as an operator.
 *
 * @returns the right side of a `MATCH`; nothing when there is no word in it, for which no row is found
 */
export function everyWordOf(typed: string): string | undefined {
  const parts = typed
    .split(/\s+/)
    .map((part) => wordsIn(part))
    .filter(Boolean);
  // A part with several words in it, such as O'Reilly's, is looked for as they stand.
  return parts.length ? parts.map((words) => `"${words}"*`).join(' ') : undefined;
}

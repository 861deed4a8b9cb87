import { inspect } from 'node:util';
import { harmless } from '../../kernel/text';

/** How many characters are stored of an error, or of its stack. */
export const LONGEST_TEXT = 4_000;

/** Long enough to tell causes apart, short enough to be copied into a request. */
const LONGEST = 200;

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  // An apostrophe within a word opens no quotation.
  [/(?<!\w)'[^']*'(?!\w)|"[^"]*"|`[^`]*`|“[^”]*”/g, '…'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '…'],
  [/[^\s<>(),;:]+@[^\s<>(),;:]+/g, '…'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, '…'],
  [/\d+(?:[.,:]\d+)*/g, '#'],
];

/** What is stored of an error, whatever was thrown: `name: message`. Another machine may have written it. */
export const inWords = (error: unknown): string =>
  storable(error instanceof Error ? `${error.name}: ${error.message}` : inspect(error));

/** What is stored of where it happened. */
export const stackOf = (error: unknown): string | undefined =>
  error instanceof Error ? storable(String(error.stack)) : undefined;

/** What is cut off may be half of a character, which PostgreSQL does not take as text. */
const storable = (text: string): string => harmless(text.slice(0, LONGEST_TEXT)).replace(/\p{Cs}/gu, '�');

/**
 * What events have failed of, without what belongs to one of them alone: the first line of the error, with ids, addresses,
 * numbers and quoted values taken out. What fails of one cause is mended together.
 *
 * @param error `name: message`, as it is stored
 */
export function causeOf(error: string): string {
  // What comes after so many characters would not be shown; broken errors cost no more than others.
  const line = error
    .trimStart()
    .split(/[\r\n\u2028\u2029]/, 1)[0]
    .slice(0, 4 * LONGEST);
  const bare = REPLACEMENTS.reduce((text, [pattern, by]) => text.replace(pattern, by), line);
  // As the field of a request takes it: one line, trimmed, and no half of a character at its end.
  const text = bare.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return (
    text
      .slice(0, LONGEST)
      .replace(/[\uD800-\uDBFF]$/, '')
      .trim() || 'unknown'
  );
}

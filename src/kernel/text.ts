import { Invalid } from './domain-error';

/** NUL and half surrogate pairs, which no database takes as text. */
const unstorable = /[\0\p{Cs}]/u;

/** A text from outside without what a terminal or a log would take as orders; lines and tabs stay. */
export const harmless = (value: string): string => value.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '�');

/**
 * A text that people write and read, without the blanks around it.
 * @param longest counted in code points, so that 😀 is one
 * @throws Invalid when nothing is left, it is too long, or it cannot be stored
 */
export function text(value: string, path: string, longest: number): string {
  const trimmed = value.trim();
  if (trimmed === '') throw new Invalid('text-missing', path, 'must not be empty');
  if ([...trimmed].length > longest)
    throw new Invalid('text-too-long', path, `must have at most ${longest} characters`);
  if (unstorable.test(trimmed)) throw new Invalid('text-unreadable', path, 'must not contain broken characters');
  return trimmed;
}

/** As `text`, for a text that may be missing: null and blanks count as missing. */
export const optionalText = (value: string | null | undefined, path: string, longest: number): string | undefined =>
  value?.trim() ? text(value, path, longest) : undefined;

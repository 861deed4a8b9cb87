import { Problem, RequestInvalid, type FieldError } from './problem';

const DEEPEST = 32;

/** NUL, which no database text may hold, and surrogates without their other half, which no UTF-8 can. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const UNSTORABLE_MESSAGE = 'must not contain NUL or unpaired surrogate characters';

/** Whether every database and every client can keep the text as it is. */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

/** Names that reach into an object's prototype wherever somebody merges or copies what a client sent. */
const isTreacherous = (name: string): boolean => name === '__proto__' || name === 'constructor' || name === 'prototype';

/**
 * What is wrong with a parsed JSON value whatever route it is for: too deep, text that cannot be stored, treacherous
 * names. One walk, as deep as is allowed and no deeper; the path of the first complaint is built on the way back.
 *
 * @param checkText false when the strings are known to be storable
 */
export function complaintAboutJson(value: unknown, checkText: boolean): Problem | undefined {
  const complaint = walk(value, 1, checkText);
  if (!complaint) return undefined;
  return complaint.message === TOO_DEEP
    ? new Problem(400, 'body-too-deep', `The body is nested deeper than ${DEEPEST} levels.`)
    : new RequestInvalid([{ ...complaint, path: complaint.path.replace(/^\./, '') || 'body' }]);
}

const TOO_DEEP = `must not be nested deeper than ${DEEPEST} levels`;

function walk(value: unknown, depth: number, checkText: boolean): FieldError | undefined {
  if (typeof value === 'string') {
    return checkText && UNSTORABLE.test(value) ? { path: '', message: UNSTORABLE_MESSAGE } : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEEPEST) return { path: '', message: TOO_DEEP };
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const complaint = walk(value[index], depth + 1, checkText);
      if (complaint) return { ...complaint, path: `[${index}]${complaint.path}` };
    }
    return undefined;
  }
  for (const name in value) {
    if (isTreacherous(name)) return { path: `.${name}`, message: 'is not a name that a field may have' };
    if (checkText && UNSTORABLE.test(name)) return { path: `.${printable(name)}`, message: UNSTORABLE_MESSAGE };
    const complaint = walk((value as Record<string, unknown>)[name], depth + 1, checkText);
    if (complaint) return { ...complaint, path: `.${name}${complaint.path}` };
  }
  return undefined;
}

/**
 * What is wrong with the text in a URL, if anything: path parameters and the query string, names and values.
 *
 * @param params as decoded by the router
 * @param query as decoded by the server, which leaves malformed escapes as they are
 */
export function complaintAboutUrl(url: string, params: unknown, query: unknown): FieldError | undefined {
  for (const part of [params, query]) {
    for (const [name, value] of Object.entries(part ?? {})) {
      if (!isStorable(name)) return { path: printable(name), message: UNSTORABLE_MESSAGE };
      if (![value].flat().every(isStorable)) return { path: name, message: UNSTORABLE_MESSAGE };
    }
  }
  for (const pair of url.slice(url.indexOf('?') + 1).split('&')) {
    if (!isDecodable(pair)) return { path: pair.split('=', 1)[0], message: 'must be percent-encoded UTF-8' };
  }
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The name with a replacement character for each one that cannot be echoed. */
const printable = (name: string): string => name.replace(/[\0\p{Surrogate}]/gu, '\uFFFD');

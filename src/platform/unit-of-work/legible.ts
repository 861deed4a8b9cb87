import { inspect } from 'node:util';

/** More errors than this are not behind each other in earnest. */
const DEEPEST = 100;

/**
 * Whatever a handler has thrown, as something that everybody can look at: it is asked for its class, its code, its cause and its
 * words, by many, and none of them expects that the question fails.
 *
 * @returns the very same, or an error that says that it could not be read
 */
export function legible<Thrown>(thrown: Thrown): Thrown | Error {
  try {
    let one: unknown = thrown;
    for (let depth = 0; typeof one === 'object' && one !== null; depth++) {
      if (depth === DEEPEST) return new Error('something was thrown that is its own cause');
      const { code, cause } = one as { code?: unknown; cause?: unknown };
      void String(code);
      if (one instanceof Error) void `${one.name}${one.message}${String(one.stack)}`;
      else inspect(one);
      one = cause;
    }
    return thrown;
  } catch {
    return new Error('something was thrown that cannot be read');
  }
}

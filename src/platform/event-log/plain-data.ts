/** An event that carries something which does not survive being stored. */
export class NotPlainData extends Error {
  constructor(path: string, what: string) {
    super(`${path} is ${what}: events carry strings, finite numbers, booleans, null, arrays and plain objects only`);
    this.name = 'NotPlainData';
  }
}

/**
 * Freezes an event with everything in it, and makes sure on the way that it is plain data.
 *
 * @param path names the place in a complaint: `OrderPlaced.items[0]`
 * @throws NotPlainData for a Date, a class instance, a function, NaN, a cycle, ... anywhere below the event itself
 */
export function freezePlain<T extends object>(event: T, path = event.constructor.name): T {
  for (const [key, value] of Object.entries(event)) freezeValue(value, `${path}.${key}`, 0);
  return Object.freeze(event);
}

function freezeValue(value: unknown, path: string, depth: number): void {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotPlainData(path, String(value));
    return;
  }
  if (typeof value !== 'object') throw new NotPlainData(path, `a ${typeof value}`);
  if (depth > 32) throw new NotPlainData(path, 'nested too deeply, or a cycle');
  if (Array.isArray(value)) {
    // By number, as nothing else comes to the holes. JSON would make null of them, as of undefined.
    for (let at = 0; at < value.length; at++) {
      if (value[at] === undefined) throw new NotPlainData(`${path}[${at}]`, 'undefined');
      freezeValue(value[at], `${path}[${at}]`, depth + 1);
    }
  } else {
    const prototype = Object.getPrototypeOf(value) as { constructor?: { name: string } } | null;
    if (prototype !== Object.prototype && prototype !== null) {
      throw new NotPlainData(path, `a ${prototype.constructor?.name ?? 'kind of object'}`);
    }
    for (const [key, item] of Object.entries(value)) freezeValue(item, `${path}.${key}`, depth + 1);
  }
  Object.freeze(value);
}

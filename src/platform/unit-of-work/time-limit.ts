import { legible } from './legible';

/** When the program stops, what is under way has so long to come to its end, in milliseconds. */
const LAST_MOMENTS = 4_000;

/** A handler has not come to its end in time. What it does later finds its unit of work closed. */
export class TimedOut extends Error {
  constructor(limit: number) {
    super(`did not come to its end within ${limit} ms`);
    this.name = 'TimedOut';
  }
}

/** The program stops, and cannot wait for the handler any longer. This is nobody's failure. */
export class Interrupted extends Error {
  constructor() {
    super('the program stopped before it came to its end');
    this.name = 'Interrupted';
  }
}

/** Whether the program is about to end, and who has to hear of it. An AbortSignal, but cheap: it is asked for each event. */
export class Stopping {
  private readonly listeners = new Set<() => void>();
  private begun = false;

  get isOn(): boolean {
    return this.begun;
  }

  begin(): void {
    if (this.begun) return;
    this.begun = true;
    for (const listener of [...this.listeners]) listener();
  }

  /** Calls `listener` when it begins, or at once when it has. What comes back takes that back. */
  on(listener: () => void): () => void {
    if (this.begun) listener();
    else this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/**
 * Waits for `work`, but not for ever. Real time, whatever clock the shop is told to live by: a handler that hangs must
 * not be able to stop that, too.
 *
 * @param limit milliseconds
 * @param stopping when it begins, only a few moments are left; without it, the limit is all that counts
 * @returns what the work returns; a promise only if that is one, so what is done at once costs nothing
 * @throws TimedOut, Interrupted, or what the work throws, if that can be read
 */
export function withinTime<T>(work: () => Promise<T>, limit: number, stopping?: Stopping): Promise<T>;
export function withinTime<T>(work: () => T | Promise<T>, limit: number, stopping?: Stopping): T | Promise<T>;
export function withinTime<T>(work: () => T | Promise<T>, limit: number, stopping?: Stopping): T | Promise<T> {
  const value = begun(work);
  if (!isPromise(value)) return value;
  return new Promise<T>((resolve, reject) => {
    const timers = [setTimeout(() => reject(new TimedOut(limit)), limit)];
    const forget = stopping?.on(() => {
      timers.push(setTimeout(() => reject(new Interrupted()), LAST_MOMENTS));
    });
    const end = () => {
      timers.forEach(clearTimeout);
      forget?.();
    };
    // What is no promise of the language may hand over one, which has to come to its end in time as well.
    Promise.resolve(value).then(
      (result) => {
        end();
        resolve(result);
      },
      (error: Error) => {
        end();
        reject(legible(error));
      },
    );
  });
}

function begun<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw legible(error);
  }
}

/** Whether somebody has to wait for it. */
export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as Promise<unknown> | undefined)?.then === 'function';

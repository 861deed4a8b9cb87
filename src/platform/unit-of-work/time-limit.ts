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

/**
 * Waits for `work`, but not for ever. Real time, whatever clock the shop is told to live by: a handler that hangs must
 * not be able to stop that, too.
 *
 * @param limit milliseconds
 * @param stopping when it aborts, only a few moments are left; without it, the limit is all that counts
 * @throws TimedOut, Interrupted, or what the work throws
 */
export async function withinTime<T>(work: () => Promise<T>, limit: number, stopping?: AbortSignal): Promise<T> {
  let end: (error: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => (end = reject));
  const timers = [setTimeout(() => end(new TimedOut(limit)), limit)];
  const interrupt = () => timers.push(setTimeout(() => end(new Interrupted()), LAST_MOMENTS));
  if (stopping?.aborted) interrupt();
  else stopping?.addEventListener('abort', interrupt);
  try {
    return await Promise.race([work(), ended]);
  } finally {
    timers.forEach(clearTimeout);
    stopping?.removeEventListener('abort', interrupt);
  }
}

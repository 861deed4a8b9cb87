import { UnreadableEvent } from '../event-log/event-types';
import { RetryOptions, Unrecoverable } from './reaction.decorator';
import { Crashed } from './unfinished-starts';

/** How long a handler may take, in milliseconds. */
export const DEFAULT_TIME_LIMIT = 30_000;

export const DEFAULT_RETRY: RetryOptions = { attempts: 12, firstDelay: 1_000, longestDelay: 5 * 60_000 };

/** The event is the reason, and no other: it is given up at once. */
export const isTheEventsOwn = (error: unknown): boolean =>
  error instanceof Unrecoverable || error instanceof UnreadableEvent || error instanceof Crashed;

/**
 * What becomes of an event after its n-th failed attempt: exponential back-off with full jitter in the upper half of
 * the delay, so that events which failed together do not come back together.
 *
 * @param attempts how many have failed, this one included
 * @param random from 0 (inclusive) to 1 (exclusive)
 * @returns the milliseconds to wait, or why there is no further attempt
 */
export function afterFailure(
  error: unknown,
  attempts: number,
  retry: RetryOptions,
  random: number,
): { readonly delay: number } | { readonly dead: 'unrecoverable' | 'exhausted' | 'crash' } {
  if (error instanceof Crashed) return { dead: 'crash' };
  if (isTheEventsOwn(error)) return { dead: 'unrecoverable' };
  if (attempts >= retry.attempts) return { dead: 'exhausted' };
  const delay = Math.min(retry.firstDelay * 2 ** (attempts - 1), retry.longestDelay);
  return { delay: Math.round(delay * (0.5 + random / 2)) };
}

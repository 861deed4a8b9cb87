import { Unavailable } from '../../kernel/domain-error';
import { causeOf, inWords } from './error-text';
import { RetryOptions } from './reaction.decorator';
import { isTheEventsOwn } from './retry-policy';

/** So many different events that fail in a row for one cause cannot all be at fault. */
const TOO_MANY_TO_BE_CHANCE = 5;

/** How often an event may seem to be an outage while others go through, before its failures are its own. */
const BENEFIT_OF_DOUBT = 2;

/** However long an outage lasts, it is over for us so many milliseconds after it is over, at the latest. */
const LONGEST_PAUSE = 60_000;

/** What Node, fetch and nodemailer say when nobody answers at the other end. */
const UNREACHABLE =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EPIPE|ECONNECTION|ESOCKET|EDNS|UND_ERR_(SOCKET|CONNECT_TIMEOUT))$/;

/** An outage that a reaction waits for, as an operator sees it. */
export interface Pause {
  /** ISO 8601. */
  readonly since: string;
  readonly cause: string;
  /** When one event is tried, to see whether it is over. ISO 8601. */
  readonly nextProbeAt: string;
}

/**
 * Tells whether events fail because of themselves, or because nothing works. While nothing works no attempt is counted:
 * the reaction pauses, and tries one event now and then. (The idea of a circuit breaker: Nygard, "Release It!".)
 */
export class Outage {
  private pause: { since: number; cause: string; length: number; probeAt: number; firstEvent: number } | undefined;
  /** Those that have failed one after another, all for the same cause. */
  private streak: { readonly cause: string; readonly events: Set<number> } | undefined;
  /** Events that seemed to be an outage, although others went through soon after. */
  private readonly doubts = new Map<number, number>();

  constructor(
    private readonly retry: RetryOptions,
    private readonly now: () => number,
  ) {}

  get isOn(): boolean {
    return this.pause !== undefined;
  }

  /** Milliseconds until an event is to be tried; 0 when it is time. */
  get wait(): number {
    return this.pause ? Math.max(0, this.pause.probeAt - this.now()) : 0;
  }

  get asSeen(): Pause | undefined {
    if (!this.pause) return undefined;
    const { since, cause, probeAt } = this.pause;
    return { since: new Date(since).toISOString(), cause, nextProbeAt: new Date(probeAt).toISOString() };
  }

  /** The event at this position was handled: whatever was out of order works. @returns whether a pause is over */
  success(position: number): boolean {
    this.streak = undefined;
    const { pause } = this;
    if (!pause) return this.doubts.delete(position) && false;
    if (pause.firstEvent !== position) this.doubts.set(pause.firstEvent, (this.doubts.get(pause.firstEvent) ?? 0) + 1);
    this.pause = undefined;
    return true;
  }

  /** The event at this position has failed. @returns whether an outage is to blame and not the event */
  failure(position: number, error: unknown): boolean {
    if (isTheEventsOwn(error)) return false;
    const cause = causeOf(inWords(error));
    if (this.pause) {
      if (this.pause.cause !== cause && !isUnreachable(error)) {
        // Something answers, and says something else: it is over.
        this.pause = undefined;
        return this.failure(position, error);
      }
      // It was under way when the pause began, or failed beside another: it tells nothing new.
      if (this.wait > 0) return true;
      const length = Math.min(this.pause.length * 2, this.longest);
      this.pause = { ...this.pause, length, probeAt: this.now() + length };
      return true;
    }
    if (isUnreachable(error)) {
      if ((this.doubts.get(position) ?? 0) >= BENEFIT_OF_DOUBT) return false;
      this.begin(position, cause);
      return true;
    }
    if (this.streak?.cause !== cause) this.streak = { cause, events: new Set() };
    this.streak.events.add(position);
    if (this.streak.events.size < TOO_MANY_TO_BE_CHANCE) return false;
    this.begin(position, cause);
    return true;
  }

  /** There is nothing left to try: an operator has skipped what has failed. */
  forget(): void {
    this.pause = undefined;
  }

  /** An event was to be tried. Should nothing have come of it, as another process holds the reaction, that takes time, too. */
  probed(): void {
    if (this.pause && this.wait === 0) this.pause = { ...this.pause, probeAt: this.now() + this.pause.length };
  }

  private begin(firstEvent: number, cause: string): void {
    const length = Math.min(this.retry.firstDelay, this.longest);
    this.pause = { since: this.now(), cause, length, probeAt: this.now() + length, firstEvent };
    this.streak = undefined;
  }

  private get longest(): number {
    return Math.min(this.retry.longestDelay, LONGEST_PAUSE);
  }
}

/** Nobody answers at the other end: that says nothing about the event. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof Unavailable) return true;
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return UNREACHABLE.test(String(code)) || (cause !== undefined && isUnreachable(cause));
}

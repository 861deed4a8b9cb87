import { Injectable } from '@nestjs/common';
import { ReactionStatuses } from './reaction-status';
import { Reactions } from './reactions.service';
import { ReactionDefinition } from './reaction-definition';

/** Another process may do the work, and tells nobody here; then this is how often to look, in milliseconds. */
const LOOK_AGAIN = 100;

/** Waits for reactions, without polling while they run in this process. */
@Injectable()
export class Progress {
  constructor(
    private readonly reactions: Reactions,
    private readonly statuses: ReactionStatuses,
  ) {}

  /**
   * Resolves when every event that was raised has been handled by every reaction, or is a dead letter.
   * @throws Error after `timeout` milliseconds, which says what is still waiting
   */
  async settle(timeout = 10_000): Promise<void> {
    // A reaction tells when it has come to its end: to ask the database at each of its steps would slow it down.
    const isDone = async () => !this.reactions.areWorking && (await this.statuses.waiting()).length === 0;
    if (await this.until(isDone, timeout)) return;
    const waiting = await this.statuses.waiting();
    if (waiting.length === 0) return;
    throw new Error(`not settled after ${timeout} ms:\n${waiting.map((one) => `  - ${one}`).join('\n')}`);
  }

  /** @returns whether the reactions have handled, within `timeout` milliseconds, what was raised up to a position */
  passed(reactions: readonly ReactionDefinition[], position: number, timeout: number): Promise<boolean> {
    return this.until(() => this.statuses.havePassed(reactions, position), timeout);
  }

  /** Asks again whenever a reaction has come further. @returns whether it came true in time */
  async until(condition: () => Promise<boolean>, timeout: number): Promise<boolean> {
    const deadline = Date.now() + timeout;
    for (;;) {
      // Listening starts before asking, so that nothing which happens in between is missed.
      const { promise: heard, resolve: hear } = signal();
      const end = this.reactions.onProgress(hear);
      const timer = setTimeout(hear, Math.max(0, Math.min(LOOK_AGAIN, deadline - Date.now())));
      try {
        if (await condition()) return true;
        if (Date.now() >= deadline || this.reactions.isStopped) return false;
        await heard;
      } finally {
        clearTimeout(timer);
        end();
      }
    }
  }
}

function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  return { promise: new Promise<void>((done) => (resolve = done)), resolve: () => resolve() };
}

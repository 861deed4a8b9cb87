import { Injectable } from '@nestjs/common';
import { Envelope } from './envelope';
import type { Since, StoredEvent } from './event-log';

/** So many are kept at least, which is a few transactions' worth. */
const KEPT = 1_000;

/** An event that this process has stored. */
interface Entry {
  readonly event: object;
  readonly envelope: Envelope;
  stored?: StoredEvent;
}

/**
 * The end of the log as this process has written it, so that reactions need not read back what was stored a moment ago.
 * Whoever asks says where the log ends: when another process has written, it is known here and nothing is answered.
 */
@Injectable()
export class RecentEvents {
  private entries: Entry[] = [];

  /** @param raised what a transaction has stored, in the order of its positions */
  remember(raised: readonly Entry[]): void {
    if (raised.length === 0) return;
    if (raised[0].envelope.position !== this.end + 1) this.entries = [];
    for (const { event, envelope } of raised) this.entries.push({ event, envelope });
    if (this.entries.length > 2 * KEPT) this.entries.splice(0, this.entries.length - KEPT);
  }

  /**
   * As `EventLog.after` answers.
   * @param head the position of the last event of the log
   * @returns undefined when not all of what comes after the position is known
   */
  after(
    position: number,
    types: readonly string[],
    limit: number,
    head: number,
    since: Since = {},
  ): StoredEvent[] | undefined {
    const first = this.end - this.entries.length + 1;
    if (this.end !== head || position < first - 1) return undefined;
    const found: StoredEvent[] = [];
    for (let at = position + 1 - first; at < this.entries.length && found.length < limit; at++) {
      const { type, position: its } = this.entries[at].envelope;
      if (types.includes(type) && its > (since[type] ?? 0)) found.push(stored(this.entries[at]));
    }
    return found;
  }

  private get end(): number {
    return this.entries.at(-1)?.envelope.position ?? 0;
  }
}

/** The event as it would be read from the log, for whoever asks first and all after him. */
function stored(entry: Entry): StoredEvent {
  const facts = () => JSON.parse(JSON.stringify(entry.event)) as StoredEvent['facts'];
  return (entry.stored ??= { ...entry.envelope, facts: facts() });
}

import { Injectable } from '@nestjs/common';
import { Refused } from '../../kernel/domain-error';
import { putInEnvelope } from '../event-log/envelope';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { EventTypes } from '../event-log/event-types';
import { Captured, RehearsedWrite } from '../unit-of-work/rehearsal';
import { withinTime } from '../unit-of-work/time-limit';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { noDeadLetter } from './dead-letters';
import { DeferredEvents } from './deferred-events';
import { inWords } from './error-text';
import { RehearsalAsked } from './operator.events';
import { causedBy } from './reaction-books';
import { ReactionDefinition } from './reaction-definition';

/** Nobody else writes while something is rehearsed, so it may take so long at most, in milliseconds. */
const LONGEST_REHEARSAL = 5_000;

/** What would become of a dead letter if it were tried again now. */
export interface Rehearsed {
  readonly outcome: 'handled' | 'failed';
  readonly error?: string;
  readonly writes: readonly RehearsedWrite[];
  readonly events: readonly { readonly type: string; readonly stream: string; readonly facts: object }[];
  /** What would have gone out. Where it has failed: what would have gone out before that. */
  readonly outside: readonly Captured[];
}

/** Tries dead letters without any consequence. */
@Injectable()
export class Rehearsals {
  constructor(
    private readonly work: UnitOfWork,
    private readonly log: EventLog,
    private readonly types: EventTypes,
    private readonly deferred: DeferredEvents,
  ) {}

  /**
   * Hands a dead letter to its reaction, and takes back whatever that does. Of it all, the log keeps that it was asked.
   * @param mayCrash this process is of no use to anybody else, so it may end of it
   * @throws NotFound when there is no such letter; Refused when the letter has killed the process before
   */
  async rehearse(
    reaction: ReactionDefinition,
    position: number,
    reason?: string,
    mayCrash = false,
  ): Promise<Rehearsed> {
    const { name, mode } = reaction;
    await this.work.run('RehearseDeadLetter', async () => {
      const row = await this.deferred.find(name, position);
      if (!row || row.state === 'parked') throw noDeadLetter(name, position, row);
      if (row.reason === 'crash' && !mayCrash) {
        throw new Refused(
          'rehearsal-too-dangerous',
          `the event at ${position} has killed the process before: rehearse it with npm run shop, which is a process of its own`,
        );
      }
      this.work.publishLoose(new RehearsalAsked({ reaction: name, letter: position, reason }));
    });
    const [stored] = await this.log.at([position]);
    const external = mode === 'external';
    const { rehearsal, failure } = await this.work.rehearse(
      causedBy(stored, name),
      () => this.hand(reaction, stored),
      external,
    );
    // What an external reaction has sent and stored by commands is done, whatever happens to it afterwards.
    const lasting = !failure || external;
    return {
      outcome: failure ? 'failed' : 'handled',
      ...(failure ? { error: inWords(failure.error) } : {}),
      writes: lasting ? rehearsal.writes : [],
      events: (lasting ? (rehearsal.scope?.events ?? []) : []).map(({ event, envelope: { type, stream } }) => ({
        type,
        stream,
        facts: event,
      })),
      outside: rehearsal.outside,
    };
  }

  /** Within a rehearsal: hands an event to its reaction. @throws what the handler throws, TimedOut */
  async hand({ handler, timeLimit }: ReactionDefinition, stored: StoredEvent): Promise<void> {
    const event = this.types.revive(stored.type, stored.version, stored.facts);
    putInEnvelope(event, stored);
    await withinTime(() => handler.handle(event), Math.min(timeLimit, LONGEST_REHEARSAL));
  }
}

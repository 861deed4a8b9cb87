import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { NotFound } from '../../kernel/domain-error';
import { EventLog } from '../event-log/event-log';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { DeferredEvents } from './deferred-events';
import { DeadLettersRetried, DeadLettersSkipped } from './operator.events';
import { DeferredState, DeferredTable } from './reaction.tables';
import { Reactions } from './reactions.service';

/** So many letters are changed in one transaction: nobody waits long behind an operator who means a million. */
const BATCH = 200;
export const DEFAULT_PER_SECOND = 50;

/** Which dead letters of a reaction are meant: those at these positions, those of a cause, or all. */
export type Choice = readonly number[] | { readonly cause: string } | { readonly all: true };

/** What an operator can do about events that a reaction has given up on. Each act is an event in the log, with who and why. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly reactions: Reactions,
    private readonly deferred: DeferredEvents,
    private readonly log: EventLog,
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Tries dead letters again, as if for the first time: the first at once, the others one after another. Those named by
   * their positions may also be such as would be tried again later.
   * @param perSecond how many of them become due each second, so that a thousand do not come back at once
   * @returns how many there are
   * @throws NotFound when one of those named does not wait for this, or none has died of this cause
   */
  async retry(reaction: string, choice: Choice, perSecond = DEFAULT_PER_SECOND, reason?: string): Promise<number> {
    const start = this.clock.now().getTime();
    return this.change(reaction, choice, 'RetryDeadLetters', ['dead', 'retrying'], async (rows, before) => {
      rows.forEach((row, at) => this.deferred.revive(row, start + Math.floor(((before + at) * 1000) / perSecond)));
      this.work.publishLoose(new DeadLettersRetried({ reaction, ...chosen(choice, rows), perSecond, reason }));
    });
  }

  /**
   * Decides that dead letters shall never be handled. They stay on record with the reason; what was parked behind them
   * goes on.
   * @returns how many there are
   * @throws NotFound when one of those named is not dead, or none has died of this cause
   */
  async skip(reaction: string, choice: Choice, reason: string): Promise<number> {
    return this.change(reaction, choice, 'SkipDeadLetters', ['dead'], async (rows) => {
      for (const row of rows) await this.deferred.skip(row, reason);
      this.work.publishLoose(new DeadLettersSkipped({ reaction, ...chosen(choice, rows), reason }));
    });
  }

  /** @param change changes some of the letters in a unit of work; told how many were changed before them */
  private async change(
    reaction: string,
    choice: Choice,
    name: string,
    from: readonly DeferredState[],
    change: (rows: readonly DeferredTable[], before: number) => Promise<void>,
  ): Promise<number> {
    if (isPositions(choice)) {
      const positions = [...new Set(choice)];
      await this.work.run(name, async () => change(await this.named(reaction, positions, from), 0));
      this.reactions.wake(reaction);
      return positions.length;
    }
    const cause = 'cause' in choice ? choice.cause : undefined;
    // One that dies while this is under way, perhaps again, is not meant.
    const upTo = await this.log.head();
    let changed = 0;
    for (let after: number | undefined = 0; after !== undefined;) {
      const wanted = { cause, after, upTo };
      const before = changed;
      const rows: DeferredTable[] = await this.work.run(name, async () => {
        const found = await this.deferred.dead(reaction, wanted, BATCH);
        if (found.length) await change(found, before);
        return found;
      });
      changed += rows.length;
      after = rows.at(-1)?.position;
      if (rows.length) this.reactions.wake(reaction);
    }
    if (changed === 0 && cause !== undefined) {
      throw new NotFound('dead-letter-not-found', `${reaction} has no dead letter that died of: ${cause}`);
    }
    return changed;
  }

  private async named(
    reaction: string,
    positions: readonly number[],
    from: readonly DeferredState[],
  ): Promise<DeferredTable[]> {
    const rows = await this.work.findMany(
      DeferredTable,
      positions.map((position) => [reaction, position]),
    );
    for (const position of positions) {
      const row = rows.find((one) => one.position === position);
      if (!row || !from.includes(row.state)) throw noDeadLetter(reaction, position, row);
    }
    return rows.sort((a, b) => a.position - b.position);
  }
}

/** What to tell somebody who means a dead letter where there is none. */
export function noDeadLetter(reaction: string, position: number, row: DeferredTable | undefined): NotFound {
  const but =
    row &&
    {
      dead: '',
      retrying: `: it is tried again at ${new Date(row.dueAt ?? 0).toISOString()}`,
      parked: ': it is parked behind an earlier event of its stream',
      skipped: ': it was skipped',
    }[row.state];
  return new NotFound('dead-letter-not-found', `${reaction} has no dead letter at position ${position}${but ?? ''}`);
}

const isPositions = (choice: Choice): choice is readonly number[] => Array.isArray(choice);

const chosen = (choice: Choice, rows: readonly DeferredTable[]) => ({
  letters: rows.map(({ position }) => position),
  chosenBy: isPositions(choice) ? undefined : 'cause' in choice ? choice.cause : 'all',
});

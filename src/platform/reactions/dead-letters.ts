import { Injectable } from '@nestjs/common';
import { NotFound } from '../../kernel/domain-error';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { DeferredEvents } from './deferred-events';
import { DeferredTable } from './reaction.tables';
import { Reactions } from './reactions.service';

/** What an operator can do about events that a reaction has given up on. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly reactions: Reactions,
    private readonly deferred: DeferredEvents,
    private readonly work: UnitOfWork,
  ) {}

  /** Tries dead letters again at once, as if for the first time. @throws NotFound when one of them is not dead */
  async retry(reaction: string, positions: readonly number[]): Promise<void> {
    await this.change(reaction, positions, 'RetryDeadLetters', (row) => this.deferred.revive(row));
  }

  /**
   * Decides that dead letters shall never be handled. They stay on record with the reason; what was parked behind them
   * goes on. @throws NotFound when one of them is not dead
   */
  async skip(reaction: string, positions: readonly number[], reason: string): Promise<void> {
    await this.change(reaction, positions, 'SkipDeadLetters', (row) => this.deferred.skip(row, reason));
  }

  private async change(
    reaction: string,
    positions: readonly number[],
    name: string,
    change: (row: DeferredTable) => void | Promise<void>,
  ): Promise<void> {
    await this.work.run(name, async () => {
      for (const position of positions) {
        const row = await this.deferred.find(reaction, position);
        if (row?.state !== 'dead') {
          throw new NotFound('dead-letter-not-found', `${reaction} has no dead letter at position ${position}`);
        }
        await change(row);
      }
    });
    this.reactions.wake(reaction);
  }
}

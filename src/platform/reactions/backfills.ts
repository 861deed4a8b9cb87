import { Injectable } from '@nestjs/common';
import { Refused } from '../../kernel/domain-error';
import { EventLog, Extent } from '../event-log/event-log';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { History } from './history';
import { BackfillAsked } from './operator.events';
import { ReactionDefinition } from './reaction-definition';
import { Backfill, ReactionTable } from './reaction.tables';
import { Reactions } from './reactions.service';

/** Hands a reaction what was raised before it began. */
@Injectable()
export class Backfills {
  constructor(
    private readonly reactions: Reactions,
    private readonly history: History,
    private readonly log: EventLog,
    private readonly work: UnitOfWork,
  ) {}

  /**
   * From now on the reaction is given its history, beside what is raised now and in the same way. Asked again while it
   * is under way, it is the same back-fill.
   * @returns how many events of history there are still to hand over; 0 when there is nothing to do
   * @throws Refused when that is not how the reaction comes to its history
   */
  async begin(reaction: ReactionDefinition, reason?: string): Promise<number> {
    const { name } = reaction;
    const { extents } = await this.outlook(reaction);
    const total = extents.reduce((sum, { events }) => sum + events, 0);
    const toDo = await this.work.run('BackfillReaction', async () => {
      const state = await this.stateOf(name);
      // Somebody may have been faster.
      const plan = state.backfill ?? { ...this.history.plan(state), total };
      const events = Object.keys(plan.types).length === 0 ? 0 : plan.total - plan.events;
      if (events === 0) return 0;
      this.work.change(ReactionTable, name, { backfill: plan });
      this.work.publishLoose(new BackfillAsked({ reaction: name, events, reason }));
      return events;
    });
    this.reactions.wake(name);
    return toDo;
  }

  /**
   * @returns what a back-fill would begin with, or goes on with; how much each type has still; and how far the reaction is
   * @throws Refused when the reaction is not back-filled at all
   */
  async outlook(
    reaction: ReactionDefinition,
  ): Promise<{ plan: Omit<Backfill, 'total'>; extents: Extent[]; checkpoint: number }> {
    assertCanBeFilled(reaction);
    const state = await this.stateOf(reaction.name);
    const plan = state.backfill ?? this.history.plan(state);
    const extents = await this.log.extentOf(plan.checkpoint, plan.types);
    return { plan, extents, checkpoint: plan.cut ?? state.checkpoint };
  }

  private async stateOf(name: string): Promise<ReactionTable> {
    const state = await this.work.find(ReactionTable, name);
    if (!state) throw new Refused('reaction-not-begun', `${name} has not begun yet: start the shop first`);
    return state;
  }
}

function assertCanBeFilled({ name, mode, tables }: ReactionDefinition): void {
  if (tables.length) {
    throw new Refused(
      'reaction-is-projection',
      `${name} is a projection, which is not back-filled but built anew from the first event: POST /reactions/${name}/rebuild`,
    );
  }
  if (mode === 'in-transaction') {
    throw new Refused(
      'reaction-in-transaction',
      `${name} runs within the transaction of a command, which it may refuse: what has happened long ago cannot be refused any more`,
    );
  }
}

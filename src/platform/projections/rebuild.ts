import { Injectable, Logger } from '@nestjs/common';
import { putInEnvelope } from '../event-log/envelope';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { EventTypes } from '../event-log/event-types';
import { DeferredEvents } from '../reactions/deferred-events';
import { ReactionDefinition } from '../reactions/reaction-definition';
import { causedBy } from '../reactions/reaction-books';
import { ReactionTable } from '../reactions/reaction.tables';
import { UnfinishedStarts } from '../reactions/unfinished-starts';
import { TableClass, TableShape } from '../database/tables';
import { currentScope } from '../unit-of-work/scope';
import { withinTime } from '../unit-of-work/time-limit';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { ProjectionTables } from './projection-tables';

const BATCH = 500;

/**
 * Builds a projection's tables anew from the first event, beside the present ones, which go on being read and kept up
 * to date. When the new ones hold what the old ones hold they take their place in one transaction: all events up to the
 * checkpoint but for the deferred ones, which an operator knows of and which are handled afterwards as ever.
 */
@Injectable()
export class Rebuild {
  private readonly logger = new Logger(Rebuild.name);

  constructor(
    private readonly work: UnitOfWork,
    private readonly log: EventLog,
    private readonly types: EventTypes,
    private readonly tables: ProjectionTables,
    private readonly deferred: DeferredEvents,
    private readonly unfinished: UnfinishedStarts,
  ) {}

  /** @throws the error of the first event that cannot be handled; the present tables stay as they are */
  async run(reaction: ReactionDefinition, shape: string, isStopped: () => boolean): Promise<void> {
    while (!isStopped()) {
      if (await this.build(reaction, shape, isStopped)) {
        this.logger.log(`${reaction.name} has been built anew`);
        return;
      }
    }
  }

  /** @returns whether the new tables are in place; if not, an event was handled meanwhile that they had left out */
  private async build(reaction: ReactionDefinition, shape: string, isStopped: () => boolean): Promise<boolean> {
    const { name, types, tables } = reaction;
    const standIns = await this.work.run(name, () => this.tables.createNext(tables), 'reaction');
    let leftOut: number[] = [];
    for (let checkpoint = 0; !isStopped();) {
      const step = await this.work.run(
        name,
        async () => {
          const state = (await this.work.find(ReactionTable, name))!;
          const deferred = await this.deferred.positionsOf(name);
          if (leftOut.some((position) => !deferred.has(position))) return 'outdated';
          const { connection } = currentScope()!.transaction;
          const events = (await this.log.after(checkpoint, types, BATCH, connection)).filter(
            ({ position }) => position <= state.checkpoint,
          );
          for (const event of events) if (!deferred.has(event.position)) await this.apply(event, reaction, standIns);
          if (events.length === BATCH) {
            return {
              checkpoint: events[BATCH - 1].position,
              leftOut: events.map(({ position }) => position).filter((position) => deferred.has(position)),
            };
          }
          await this.tables.swap(tables);
          this.work.put(ReactionTable, { ...state, shape, rebuilding: false });
          return 'done';
        },
        'reaction',
      );
      if (typeof step === 'string') return step === 'done';
      checkpoint = step.checkpoint;
      leftOut = [...leftOut, ...step.leftOut];
    }
    return false;
  }

  private async apply(
    stored: StoredEvent,
    { name, handler, timeLimit }: ReactionDefinition,
    standIns: ReadonlyMap<TableClass, TableShape>,
  ): Promise<void> {
    const event = this.types.revive(stored.type, stored.version, stored.facts);
    putInEnvelope(event, stored);
    await this.unfinished.watch(name, stored.position, () =>
      this.work.within(
        currentScope()!,
        causedBy(stored, name),
        () => withinTime(async () => handler.handle(event), timeLimit),
        standIns,
      ),
    );
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { isOutage } from '../database/connection';
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
 * So long nobody on another machine takes over, in milliseconds; longer than the handling of a batch takes. It is prolonged
 * with each.
 */
export const REBUILD_LEASE = 600_000;

/** How long to wait for a database that is out of order, in milliseconds: first so long, then longer each time. */
const PAUSE = 500;
const LONGEST_PAUSE = 30_000;

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
    private readonly clock: Clock,
  ) {}

  /**
   * @param holder who does it; when it is somebody else by the record, this one leaves off
   * @throws the error of the first event that cannot be handled; the present tables stay as they are, and the record says
   * that they are to be built anew and that nobody does it
   */
  async run(reaction: ReactionDefinition, shape: string, holder: string, isStopped: () => boolean): Promise<void> {
    try {
      while (!isStopped()) {
        const end = await this.build(reaction, shape, holder, isStopped);
        if (end === 'done') this.logger.log(`${reaction.name} has been built anew`);
        if (end === 'done' || end === 'lost') return;
      }
    } finally {
      await this.release(reaction.name, holder).catch(() => undefined);
    }
  }

  private release(name: string, holder: string): Promise<void> {
    return this.work.run(name, async () => {
      const state = (await this.work.find(ReactionTable, name))!;
      if (state.holder === holder) {
        this.work.put(ReactionTable, { ...state, holder: undefined, heldUntil: undefined });
      }
    });
  }

  /**
   * @returns `done` when the new tables are in place; `outdated` when an event was handled meanwhile that they had left
   * out; `lost` when somebody else does it now; `stopped`
   */
  private async build(
    reaction: ReactionDefinition,
    shape: string,
    holder: string,
    isStopped: () => boolean,
  ): Promise<'done' | 'outdated' | 'lost' | 'stopped'> {
    const { name, types, tables } = reaction;
    const inUnitOfWork = <T>(work: (state: ReactionTable) => Promise<T>): Promise<T | 'lost'> =>
      this.patiently(isStopped, () =>
        this.work.run(
          name,
          async () => {
            const state = (await this.work.find(ReactionTable, name))!;
            if (state.holder !== holder) return 'lost';
            this.work.change(ReactionTable, name, { heldUntil: this.clock.now().getTime() + REBUILD_LEASE });
            return work(state);
          },
          'reaction',
        ),
      );
    const standIns = await inUnitOfWork(() => this.tables.createNext(tables));
    if (standIns === 'lost') return 'lost';
    let leftOut: number[] = [];
    for (let checkpoint = 0; !isStopped();) {
      const step = await inUnitOfWork(
        async (state): Promise<'done' | 'outdated' | { checkpoint: number; leftOut: number[] }> => {
          const deferred = await this.deferred.positionsOf(name);
          if (leftOut.some((position) => !deferred.has(position))) return 'outdated';
          const { connection } = currentScope()!.transaction;
          const events = (await this.log.after(checkpoint, types, BATCH, connection)).filter(
            ({ position }) => position <= state.checkpoint,
          );
          const wanted = events.filter(({ position }) => !deferred.has(position));
          await this.apply(wanted, reaction, standIns).finally(() => this.unfinished.end(name));
          if (events.length === BATCH) {
            return {
              checkpoint: events[BATCH - 1].position,
              leftOut: events.map(({ position }) => position).filter((position) => deferred.has(position)),
            };
          }
          await this.tables.swap(tables);
          const done = { shape, rebuilding: false, holder: undefined, heldUntil: undefined };
          this.work.put(ReactionTable, { ...state, ...done });
          return 'done';
        },
      );
      if (typeof step === 'string') return step;
      checkpoint = step.checkpoint;
      leftOut = [...leftOut, ...step.leftOut];
    }
    return 'stopped';
  }

  /** While the database is out of order, nothing is wrong with the events: it is tried again until it can be done. */
  private async patiently<T>(isStopped: () => boolean, work: () => Promise<T>): Promise<T> {
    for (let pause = PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await work();
      } catch (error) {
        if (!isOutage(error) || isStopped()) throw error;
        await new Promise<void>((resolve) => this.clock.after(pause, resolve));
      }
    }
  }

  private async apply(
    events: readonly StoredEvent[],
    { name, handler, timeLimit }: ReactionDefinition,
    standIns: ReadonlyMap<TableClass, TableShape>,
  ): Promise<void> {
    const scope = currentScope()!;
    for (const stored of events) {
      const event = this.types.revive(stored.type, stored.version, stored.facts);
      putInEnvelope(event, stored);
      this.unfinished.begin(name, stored.position);
      const handle = () => withinTime(() => handler.handle(event), timeLimit);
      await this.work.within(scope, causedBy(stored, name), handle, standIns);
    }
  }
}

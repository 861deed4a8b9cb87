import { Injectable, Logger } from '@nestjs/common';
import { putInEnvelope } from '../event-log/envelope';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { EventTypes } from '../event-log/event-types';
import { ReactionDefinition } from '../reactions/reaction-definition';
import { causedBy } from '../reactions/reaction-runner';
import { ReactionTable } from '../reactions/reaction.tables';
import { TableClass, TableShape } from '../database/tables';
import { currentScope } from '../unit-of-work/scope';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { ProjectionTables } from './projection-tables';

const BATCH = 500;

/**
 * Builds a projection's tables anew from the first event, beside the present ones, which go on being read and kept up
 * to date. When the new ones have caught up they take the old ones' place in one transaction.
 */
@Injectable()
export class Rebuild {
  private readonly logger = new Logger(Rebuild.name);

  constructor(
    private readonly work: UnitOfWork,
    private readonly log: EventLog,
    private readonly types: EventTypes,
    private readonly tables: ProjectionTables,
  ) {}

  /**
   * @param ignore positions whose events the projection has failed on before: an operator knows of them
   * @throws the error of the first other event that cannot be handled; the present tables stay as they are
   */
  async run(
    { name, types, tables, handler }: ReactionDefinition,
    shape: string,
    ignore: ReadonlySet<number>,
    isStopped: () => boolean,
  ): Promise<void> {
    const standIns = await this.work.run(name, () => this.tables.createNext(tables), 'reaction');
    const apply = async (event: StoredEvent) => {
      if (!ignore.has(event.position)) await this.apply(event, name, handler, standIns);
    };
    for (let checkpoint = 0, finished = false; !finished;) {
      if (isStopped()) return;
      [checkpoint, finished] = await this.work.run(
        name,
        async () => {
          const { connection, head } = currentScope()!.transaction;
          const events = await this.log.after(checkpoint, types, BATCH, connection);
          for (const event of events) await apply(event);
          if (events.length === BATCH) return [events[BATCH - 1].position, false];
          await this.tables.swap(tables);
          const state = (await this.work.find(ReactionTable, name))!;
          this.work.put(ReactionTable, { ...state, checkpoint: head, shape, rebuilding: false });
          return [head, true];
        },
        'reaction',
      );
    }
    this.logger.log(`${name} has been built anew`);
  }

  private async apply(
    stored: StoredEvent,
    name: string,
    handler: ReactionDefinition['handler'],
    standIns: ReadonlyMap<TableClass, TableShape>,
  ): Promise<void> {
    const event = this.types.revive(stored.type, stored.version, stored.facts);
    putInEnvelope(event, stored);
    await this.work.within(currentScope()!, causedBy(stored, name), async () => handler.handle(event), standIns);
  }
}

import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { Database } from '../database/database';
import { EventLog, Since } from '../event-log/event-log';
import { EventClass, EventTypes } from '../event-log/event-types';
import { ProjectionTables } from '../projections/projection-tables';
import { currentScope } from '../unit-of-work/scope';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { DeferredEvents } from './deferred-events';
import { StartRefused } from './discovery';
import { isOfThisMachine, mayBeAlive } from './holder';
import { ReactionDefinition } from './reaction-definition';
import { ReactionTable } from './reaction.tables';

/** Brings what is stored about the reactions up to date with what the program declares. */
@Injectable()
export class Registration {
  constructor(
    private readonly work: UnitOfWork,
    private readonly log: EventLog,
    private readonly types: EventTypes,
    private readonly deferred: DeferredEvents,
    private readonly database: Database,
    private readonly projections: ProjectionTables,
    private readonly clock: Clock,
  ) {}

  /**
   * Log entries and checkpoints that nobody would ever look at again are a mistake, not a detail; and so is a table
   * that a projection would take from somebody.
   * @throws StartRefused
   */
  async refuseWhatIsStored(definitions: readonly ReactionDefinition[], retired: ReadonlySet<string>): Promise<void> {
    const known = new Set(definitions.flatMap(({ name, formerly }) => [name, ...formerly]));
    const stored = await this.database.reader.all<{ name: string }>('SELECT name FROM reaction ORDER BY name');
    const types = await this.log.typesInUse();
    const complaints = [
      ...stored
        .filter(({ name }) => !known.has(name) && !retired.has(name))
        .map(
          ({ name }) =>
            `the database has a checkpoint of reaction '${name}', which no longer exists: declare it in \`formerly\` of the one that replaces it, or \`retiresReactions('${name}')\` in its module`,
        ),
      ...types
        .filter((type) => !this.types.has(type))
        .map(
          (type) =>
            `the log has events of type '${type}', which no longer exists: declare it in \`formerly\` of the one that replaces it, or as retired in \`publishes(events, ['${type}'])\``,
        ),
      ...(await this.projections.complaints(definitions)),
    ];
    if (complaints.length) throw new StartRefused(complaints);
  }

  /**
   * Inside a unit of work: stores each reaction as it is declared today.
   * @returns the projections whose tables have to be built anew
   * @throws StartRefused
   */
  async register(definitions: readonly ReactionDefinition[]): Promise<ReactionDefinition[]> {
    const { head } = currentScope()!.transaction;
    const stale: ReactionDefinition[] = [];
    for (const reaction of definitions) {
      const state = (await this.work.find(ReactionTable, reaction.name)) ?? (await this.adopt(reaction));
      const shape = reaction.tables.length ? this.projections.shapeOf(reaction.tables) : undefined;
      const tables = reaction.tables.map((table) => this.projections.nameOf(table));
      if (!state) {
        const start = reaction.from === 'beginning' ? 0 : head;
        const { name, mode } = reaction;
        await this.projections.create(reaction.tables, []);
        const types = handledSince(reaction, {}, start);
        const began = { since: start, checkpoint: start, types };
        this.work.put(ReactionTable, { name, mode, ...began, shape, tables, rebuilding: false });
        continue;
      }
      const elsewhere = isBeingRebuilt(state, this.clock.now());
      if (!elsewhere) await this.projections.dropNext(reaction.tables);
      // An older program has not stored which tables it had made, only that it had made some.
      const made = state.tables ?? (state.shape ? tables : []);
      const types = state.types
        ? handledSince(reaction, state.types, this.startOfNewTypes(reaction, state, head))
        : handledSince(reaction, {}, state.since);
      const forgotten = forgottenBy(state, types);
      const next = { ...state, types, forgotten, tables: [...new Set([...made, ...tables])] };
      if (shape && state.shape !== shape) {
        // Where the shape has changed, the old tables cannot be written any more, nor read by today's queries.
        await this.projections.create(reaction.tables, made);
        await this.deferred.clear(reaction.name);
        this.work.put(ReactionTable, {
          ...next,
          mode: reaction.mode,
          shape,
          checkpoint: 0,
          rebuilding: false,
          holder: undefined,
          backfill: undefined,
        });
      } else if (shape && handlesOthers(reaction, state.types)) {
        // Whoever may be building them does it for another program.
        this.work.put(ReactionTable, { ...next, rebuilding: true, holder: undefined });
        stale.push(reaction);
      } else if (shape && state.rebuilding && !elsewhere) {
        this.work.put(ReactionTable, next);
        stale.push(reaction);
      } else if (state.mode !== reaction.mode) {
        await this.changeMode(reaction, next, head);
      } else {
        this.work.put(ReactionTable, next);
      }
    }
    return stale;
  }

  /**
   * A reaction does not go back for a type that it was not asked to handle when it went by. A projection, which is
   * built anew, does.
   */
  private startOfNewTypes({ mode, from, tables }: ReactionDefinition, state: ReactionTable, head: number): number {
    if (tables.length) return 0;
    return from === 'beginning' && mode === state.mode ? state.checkpoint : head;
  }

  /** A reaction that was stored under another name keeps its checkpoint and its deferred events. */
  private async adopt({ name, formerly }: ReactionDefinition): Promise<ReactionTable | undefined> {
    for (const former of formerly) {
      const state = await this.work.find(ReactionTable, former);
      if (!state) continue;
      this.work.remove(ReactionTable, former);
      this.work.put(ReactionTable, { ...state, name });
      await this.deferred.rename(former, name);
      return { ...state, name };
    }
    return undefined;
  }

  private async changeMode(reaction: ReactionDefinition, state: ReactionTable, head: number): Promise<void> {
    const unfinished = async () =>
      state.backfill !== undefined ||
      (await this.log.hasBetween(reaction.types, state.checkpoint, head, state.types)) ||
      (await this.deferred.anyOf(reaction.name));
    if (reaction.mode === 'in-transaction' && (await unfinished())) {
      throw new StartRefused([
        `reaction '${reaction.name}' is to run within the transaction, but has events to handle that are already committed: let it finish first, dead letters included`,
      ]);
    }
    const checkpoint = state.mode === 'in-transaction' ? head : state.checkpoint;
    this.work.put(ReactionTable, { ...state, mode: reaction.mode, checkpoint });
  }
}

/** Some process is building the tables anew, and lives: of one on another machine that is known by its lease only. */
export const isBeingRebuilt = ({ rebuilding, holder, heldUntil = 0 }: ReactionTable, now: Date) =>
  rebuilding && holder !== undefined && (isOfThisMachine(holder) ? mayBeAlive(holder) : heldUntil > now.getTime());

const namesOf = ({ type, formerly = [] }: EventClass) => [type, ...formerly];

/**
 * @param before what was stored
 * @returns after which position each type is handled: as stored if it was, by whatever name, and otherwise from `start`
 */
function handledSince({ events }: ReactionDefinition, before: Since, start: number): Since {
  return Object.fromEntries(
    events.map(namesOf).flatMap((names) => {
      const known = names.filter((name) => name in before).map((name) => before[name]);
      const since = known.length ? Math.min(...known) : start;
      return names.map((name) => [name, since]);
    }),
  );
}

/**
 * @param types what it handles now
 * @returns what it has handled in former times, and then no longer
 * @throws StartRefused when it is just being handed events of such a type
 */
function forgottenBy({ name, types: before = {}, forgotten = [], backfill }: ReactionTable, types: Since): string[] {
  const gone = Object.keys(before).filter((type) => !(type in types));
  const needed = gone.filter((type) => backfill && type in backfill.types);
  if (needed.length) {
    throw new StartRefused([
      `reaction '${name}' no longer handles ${needed.join(', ')}, of which a back-fill is handing it the history: let that finish first`,
    ]);
  }
  return [...new Set([...forgotten, ...gone])];
}

/** Whether a type has come or gone since `before` was stored. One that is called something else now has not. */
const handlesOthers = ({ events, types }: ReactionDefinition, before?: Since): boolean =>
  before !== undefined &&
  (events.some((event) => !namesOf(event).some((name) => name in before)) ||
    Object.keys(before).some((name) => !types.includes(name)));

import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { Database } from '../database/database';
import { Environment } from '../environment';
import { EventLog, Since } from '../event-log/event-log';
import { EventClass, EventTypes } from '../event-log/event-types';
import { ProjectionTables } from '../projections/projection-tables';
import { Rebuild } from '../projections/rebuild';
import { currentScope, Raised } from '../unit-of-work/scope';
import { withinTime } from '../unit-of-work/time-limit';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { DeferredEvents } from './deferred-events';
import { Discovery, StartRefused } from './discovery';
import { hold, letGo, mayBeAlive } from './holder';
import { ReactionDefinition } from './reaction-definition';
import { Pause } from './outage';
import { causedBy } from './reaction-books';
import { ReactionRunner } from './reaction-runner';
import { ReactionTable } from './reaction.tables';
import { UnfinishedStarts } from './unfinished-starts';

/** How often the process looks whether another one has written to the database, in milliseconds. */
const LOOK_FOR_OTHERS = 1_000;

/** The reactions of the program: registered, started and woken here, and stopped before the program ends. */
@Injectable()
export class Reactions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Reactions.name);
  private definitions: readonly ReactionDefinition[] = [];
  private readonly runners = new Map<string, ReactionRunner>();
  private readonly runnersByType = new Map<string, ReactionRunner[]>();
  private readonly withinByType = new Map<string, ReactionDefinition[]>();
  private readonly rebuilds = new Map<string, Promise<void>>();
  private readonly listeners = new Set<() => void>();
  private othersVersion = 0;
  /** The program ends: no reaction comes any further. */
  isStopped = false;
  private cancelLook: () => void = () => undefined;

  constructor(
    private readonly discovery: Discovery,
    private readonly work: UnitOfWork,
    private readonly log: EventLog,
    private readonly types: EventTypes,
    private readonly deferred: DeferredEvents,
    private readonly unfinished: UnfinishedStarts,
    private readonly database: Database,
    private readonly projections: ProjectionTables,
    private readonly rebuilder: Rebuild,
    private readonly clock: Clock,
    environment: Environment,
  ) {
    const rule = { matches: /^(on|off)$/, says: 'must be on or off' };
    this.isIdle = environment.text('REACTIONS', 'on', rule) === 'off';
  }

  /** This process answers and changes things, but leaves what follows from them to another one. */
  private readonly isIdle: boolean;

  /** Finds the reactions, brings what is stored about them up to date, and starts them. @throws StartRefused */
  async onApplicationBootstrap(): Promise<void> {
    const { reactions, retired } = this.discovery.explore();
    this.definitions = reactions;
    await this.refuseWhatIsStored(retired);
    if (this.isIdle) return this.connectWithin();
    const stale = await this.work.run('platform', () => this.register());
    this.work.listeners = {
      beforeCommit: (raised) => this.reactWithin(raised),
      afterCommit: (raised) => this.wakeFor(raised),
    };
    for (const reaction of reactions) this.connect(reaction);
    await this.trySuspectsAlone();
    for (const reaction of stale) void this.rebuild(reaction.name).catch(() => undefined);
    for (const runner of this.runners.values()) runner.wake();
    await this.lookForOthers();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.cancelLook();
    this.tellProgress();
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
    await Promise.allSettled(this.rebuilds.values());
    this.unfinished.close();
  }

  /** Every reaction of the program. */
  get all(): readonly ReactionDefinition[] {
    return this.definitions;
  }

  find(name: string): ReactionDefinition | undefined {
    return this.definitions.find((reaction) => reaction.name === name);
  }

  isWorking(name: string): boolean {
    return this.runners.get(name)?.isWorking ?? false;
  }

  /** Why a reaction tries nothing for the time being, if it does not. */
  pauseOf(name: string): Pause | undefined {
    return this.runners.get(name)?.paused;
  }

  isRebuilding(name: string): boolean {
    return this.rebuilds.has(name);
  }

  /** Lets a reaction look again at what waits for it. */
  wake(name: string): void {
    this.runners.get(name)?.wake(true);
  }

  /** Calls `listener` whenever a reaction has come further. What comes back ends it. */
  onProgress(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Builds a projection's tables anew; the present ones are read meanwhile. Asked again while it is under way, it is
   * the same rebuild. @throws the error of the first event that cannot be handled
   * @param begun called in the transaction in which it begins
   */
  rebuild(name: string, begun: () => void = () => undefined): Promise<void> {
    let running = this.rebuilds.get(name);
    if (!running) {
      running = this.startRebuild(this.find(name)!, begun).finally(() => {
        this.rebuilds.delete(name);
        this.tellProgress();
      });
      this.rebuilds.set(name, running);
    }
    return running;
  }

  private async startRebuild(reaction: ReactionDefinition, begun: () => void): Promise<void> {
    const holder = hold();
    try {
      if (!(await this.claimRebuild(reaction.name, holder, begun))) return;
      await this.rebuilder.run(reaction, this.projections.shapeOf(reaction.tables), holder, () => this.isStopped);
    } catch (error) {
      this.logger.error(`${reaction.name} could not be built anew: ${String(error)}`);
      throw error;
    } finally {
      letGo(holder);
    }
  }

  /** @returns whether it is this process that builds the tables anew: another one may be at it */
  private claimRebuild(name: string, holder: string, begun: () => void): Promise<boolean> {
    return this.work.run(name, async () => {
      const state = (await this.work.find(ReactionTable, name))!;
      if (isBeingRebuilt(state)) return false;
      this.work.put(ReactionTable, { ...state, rebuilding: true, holder });
      begun();
      return true;
    });
  }

  /**
   * Log entries and checkpoints that nobody would ever look at again are a mistake, not a detail; and so is a table
   * that a projection would take from somebody.
   */
  private async refuseWhatIsStored(retired: ReadonlySet<string>): Promise<void> {
    const known = new Set(this.definitions.flatMap(({ name, formerly }) => [name, ...formerly]));
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
      ...(await this.projections.complaints(this.definitions)),
    ];
    if (complaints.length) throw new StartRefused(complaints);
  }

  /** Inside a unit of work. @returns the projections whose tables have to be built anew */
  private async register(): Promise<ReactionDefinition[]> {
    const { head } = currentScope()!.transaction;
    const stale: ReactionDefinition[] = [];
    for (const reaction of this.definitions) {
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
      const elsewhere = isBeingRebuilt(state);
      if (!elsewhere) await this.projections.dropNext(reaction.tables);
      // An older program has not stored which tables it had made, only that it had made some.
      const made = state.tables ?? (state.shape ? tables : []);
      const types = state.types
        ? handledSince(reaction, state.types, this.startOfNewTypes(reaction, state, head))
        : handledSince(reaction, {}, state.since);
      const next = { ...state, types, tables: [...new Set([...made, ...tables])] };
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

  /** In-transaction reactions belong to the command, whoever handles it. */
  private connectWithin(): void {
    this.work.listeners = { beforeCommit: (raised) => this.reactWithin(raised), afterCommit: () => undefined };
    for (const reaction of this.definitions) if (reaction.mode === 'in-transaction') this.connect(reaction);
  }

  private connect(reaction: ReactionDefinition): void {
    const add = <T>(map: Map<string, T[]>, one: T) => {
      for (const type of reaction.types) map.set(type, [...(map.get(type) ?? []), one]);
    };
    if (reaction.mode === 'in-transaction') return add(this.withinByType, reaction);
    const { work, log, types, deferred, unfinished, clock } = this;
    const onProgress = () => this.tellProgress();
    const runner = new ReactionRunner(reaction, { work, log, types, deferred, unfinished, clock, onProgress });
    this.runners.set(reaction.name, runner);
    add(this.runnersByType, runner);
  }

  /** Events that have killed the process again and again get their last chance before anything else begins. */
  private async trySuspectsAlone(): Promise<void> {
    await this.unfinished.open([...this.runners.keys()]);
    for (const { reaction, position } of this.unfinished.suspects) {
      this.logger.warn(`${reaction} tries the event at ${position} alone: the process has died of it, or beside it`);
      await this.runners.get(reaction)?.tryAlone(position);
    }
  }

  private async reactWithin({ event, envelope }: Raised): Promise<void> {
    for (const { name, handler, timeLimit } of this.withinByType.get(envelope.type) ?? []) {
      await this.work.within(currentScope()!, causedBy(envelope, name), () =>
        withinTime(async () => handler.handle(event), timeLimit),
      );
    }
  }

  private wakeFor(raised: readonly Raised[]): void {
    for (const type of new Set(raised.map(({ envelope }) => envelope.type))) {
      for (const runner of this.runnersByType.get(type) ?? []) runner.wake();
    }
  }

  private tellProgress(): void {
    for (const listener of [...this.listeners]) listener();
  }

  /** Another process on the same file wakes nobody here; SQLite tells when one has written. */
  private async lookForOthers(): Promise<void> {
    try {
      // In a transaction of its own: a statement that fails would take with it the one which happens to be open.
      const [{ data_version: version }] = await this.work.run(
        'platform',
        () => this.work.query<{ data_version: number }>('PRAGMA data_version'),
        'reaction',
      );
      if (version !== this.othersVersion) for (const runner of this.runners.values()) runner.wake(true);
      this.othersVersion = version;
    } catch (error) {
      if (!this.isStopped) this.logger.error(`cannot see other processes: ${String(error)}`);
    }
    if (!this.isStopped) this.cancelLook = this.clock.after(LOOK_FOR_OTHERS, () => void this.lookForOthers());
  }
}

/** Some process is building the tables anew, and lives. */
const isBeingRebuilt = ({ rebuilding, holder }: ReactionTable) =>
  rebuilding && holder !== undefined && mayBeAlive(holder);

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

/** Whether a type has come or gone since `before` was stored. One that is called something else now has not. */
const handlesOthers = ({ events, types }: ReactionDefinition, before?: Since): boolean =>
  before !== undefined &&
  (events.some((event) => !namesOf(event).some((name) => name in before)) ||
    Object.keys(before).some((name) => !types.includes(name)));

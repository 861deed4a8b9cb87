import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { patiently } from '../database/migrate';
import { Environment } from '../environment';
import { EventLog } from '../event-log/event-log';
import { EventTypes } from '../event-log/event-types';
import { RecentEvents } from '../event-log/recent-events';
import { ProjectionTables } from '../projections/projection-tables';
import { Rebuild, REBUILD_LEASE } from '../projections/rebuild';
import { Alarms } from '../schedule/alarms';
import { currentScope, Raised } from '../unit-of-work/scope';
import { withinTime } from '../unit-of-work/time-limit';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { DeferredEvents } from './deferred-events';
import { Discovery } from './discovery';
import { History } from './history';
import { hold, letGo } from './holder';
import { ReactionDefinition } from './reaction-definition';
import { Pause } from './outage';
import { causedBy } from './reaction-books';
import { ReactionRunner } from './reaction-runner';
import { ReactionTable } from './reaction.tables';
import { isBeingRebuilt, Registration } from './registration';
import { Standings } from './standings';
import { UnfinishedStarts } from './unfinished-starts';

/** How often the process looks whether another one has written to the database, in milliseconds. */
const LOOK_FOR_OTHERS = 1_000;

/** How soon it looks when it was told so: what others write in the meantime is looked for at once. */
const LOOK_SOON = 50;

/** The reactions of the program, and its alarms: registered, started and woken here, and stopped before the program ends. */
@Injectable()
export class Reactions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Reactions.name);
  private definitions: readonly ReactionDefinition[] = [];
  private readonly runners = new Map<string, ReactionRunner>();
  private readonly runnersByType = new Map<string, ReactionRunner[]>();
  private readonly withinByType = new Map<string, ReactionDefinition[]>();
  private readonly rebuilds = new Map<string, Promise<void>>();
  private readonly listeners = new Set<() => void>();
  /** Projections that have to be built anew. */
  private stale: readonly ReactionDefinition[] = [];
  private othersVersion = 0;
  /** The program ends: no reaction comes any further. */
  isStopped = false;
  private cancelLook: () => void = () => undefined;
  private isLooking = false;
  /** Another process has written since the last look. */
  private isTold = false;

  constructor(
    private readonly discovery: Discovery,
    private readonly registration: Registration,
    private readonly work: UnitOfWork,
    private readonly log: EventLog,
    private readonly history: History,
    private readonly recent: RecentEvents,
    private readonly types: EventTypes,
    private readonly deferred: DeferredEvents,
    private readonly standings: Standings,
    private readonly unfinished: UnfinishedStarts,
    private readonly projections: ProjectionTables,
    private readonly rebuilder: Rebuild,
    private readonly alarms: Alarms,
    private readonly clock: Clock,
    environment: Environment,
  ) {
    const rule = { matches: /^(on|off)$/, says: 'must be on or off' };
    this.isIdle = environment.text('REACTIONS', 'on', rule) === 'off';
  }

  /** This process answers and changes things, but leaves what follows from them to another one. */
  private readonly isIdle: boolean;

  /**
   * Finds the reactions, and brings what is stored about them up to date. Nest registers handlers afterwards: what it would
   * take without a word is refused before.
   * @throws StartRefused
   */
  async onApplicationBootstrap(): Promise<void> {
    const { reactions, retired } = this.discovery.explore();
    this.definitions = reactions;
    await this.registration.refuseWhatIsStored(reactions, retired);
    if (this.isIdle) return this.connectWithin();
    this.stale = await patiently(() => this.work.run('platform', () => this.registration.register(reactions)));
    for (const reaction of reactions) this.connect(reaction);
    // Nobody is woken before all are, not even by what a suspect raises that is tried alone.
    this.listen(() => undefined);
  }

  /** Starts the reactions. What they send and raise must find its handlers, so those are registered before. */
  async open(): Promise<void> {
    if (this.isIdle) return;
    await this.trySuspectsAlone();
    this.listen((raised) => this.wakeFor(raised));
    for (const { name } of this.stale) await this.rebuild(name).catch((error: unknown) => this.complain(name, error));
    for (const runner of this.runners.values()) runner.wake();
    this.alarms.start(() => this.tellProgress());
    this.work.onWriteOfOthers(() => this.hearOfOthers());
    await this.lookForOthers();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.cancelLook();
    this.tellProgress();
    await Promise.all([this.alarms, ...this.runners.values()].map((one) => one.stop()));
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

  /** Whether any of them is at work in this process. */
  get areWorking(): boolean {
    return [...this.runners.values()].some((runner) => runner.isWorking);
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
   * Builds a projection's tables anew; the present ones are read meanwhile. Once it has begun it comes to its end,
   * whatever happens to this process. Asked again while it is under way, it is the same rebuild.
   * @param asked called in the transaction in which it begins
   * @returns what comes true with the rebuild, or at once when another process is at it, and fails with the error of the
   * first event that cannot be handled
   */
  async rebuild(name: string, asked: () => void = () => undefined): Promise<{ readonly done: Promise<void> }> {
    const holder = hold();
    const isOurs = await this.claimRebuild(name, holder, asked).catch((error: unknown) => {
      letGo(holder);
      throw error;
    });
    if (!isOurs) {
      letGo(holder);
      return { done: this.rebuilds.get(name) ?? Promise.resolve() };
    }
    const done = this.doRebuild(this.find(name)!, holder).finally(() => {
      this.rebuilds.delete(name);
      this.tellProgress();
    });
    this.rebuilds.set(name, done);
    // What goes wrong is logged where it happens, whether somebody waits for it or not.
    done.catch(() => undefined);
    return { done };
  }

  private async doRebuild(reaction: ReactionDefinition, holder: string): Promise<void> {
    try {
      await this.rebuilder.run(reaction, this.projections.shapeOf(reaction.tables), holder, () => this.isStopped);
    } catch (error) {
      this.complain(reaction.name, error);
      throw error;
    } finally {
      letGo(holder);
    }
  }

  private complain(name: string, error: unknown): void {
    this.logger.error(`${name} could not be built anew: ${String(error)}`);
  }

  /** @returns whether it is for us to build the tables anew: this process or another one may be at it */
  private claimRebuild(name: string, holder: string, asked: () => void): Promise<boolean> {
    return this.work.run(name, async () => {
      asked();
      const state = (await this.work.find(ReactionTable, name))!;
      const now = this.clock.now();
      if (isBeingRebuilt(state, now)) return false;
      const heldUntil = now.getTime() + REBUILD_LEASE;
      this.work.put(ReactionTable, { ...state, rebuilding: true, holder, heldUntil });
      return true;
    });
  }

  /** In-transaction reactions belong to the command, whoever handles it. */
  private connectWithin(): void {
    this.listen(() => undefined);
    for (const reaction of this.definitions) if (reaction.mode === 'in-transaction') this.connect(reaction);
  }

  private listen(afterCommit: (raised: readonly Raised[]) => void): void {
    this.work.listeners = { beforeCommit: (raised) => this.reactWithin(raised), afterCommit };
  }

  private connect(reaction: ReactionDefinition): void {
    const add = <T>(map: Map<string, T[]>, one: T) => {
      for (const type of reaction.types) map.set(type, [...(map.get(type) ?? []), one]);
    };
    if (reaction.mode === 'in-transaction') return add(this.withinByType, reaction);
    const { work, log, history, recent, types, deferred, standings, unfinished, clock } = this;
    const onProgress = () => this.tellProgress();
    const runner = new ReactionRunner(reaction, {
      work,
      log,
      history,
      recent,
      types,
      deferred,
      standings,
      unfinished,
      clock,
      onProgress,
    });
    this.runners.set(reaction.name, runner);
    add(this.runnersByType, runner);
  }

  /** Events that have killed the process again and again get their last chance before anything else begins. */
  private async trySuspectsAlone(): Promise<void> {
    await this.unfinished.open(this.definitions.filter(({ name }) => this.runners.has(name)));
    for (const { reaction, position } of this.unfinished.suspects) {
      this.logger.warn(`${reaction} tries the event at ${position} alone: the process has died of it, or beside it`);
      await this.runners.get(reaction)?.tryAlone(position);
    }
  }

  private reactWithin(raised: Raised): Promise<void> | undefined {
    const reactions = this.withinByType.get(raised.envelope.type);
    return reactions && this.giveTo(reactions, raised);
  }

  private async giveTo(reactions: readonly ReactionDefinition[], { event, envelope }: Raised): Promise<void> {
    for (const { name, handler, timeLimit } of reactions) {
      await this.work.within(currentScope()!, causedBy(envelope, name), () =>
        withinTime(() => handler.handle(event), timeLimit),
      );
    }
  }

  private wakeFor(raised: readonly Raised[]): void {
    for (const type of new Set(raised.map(({ envelope }) => envelope.type))) {
      for (const runner of this.runnersByType.get(type) ?? []) runner.wake();
      this.alarms.wakeFor(type);
    }
  }

  private tellProgress(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private hearOfOthers(): void {
    if (this.isTold) return;
    this.isTold = true;
    if (!this.isLooking) this.lookIn(LOOK_SOON);
  }

  /** Another process on the same database wakes nobody here; the database tells when one has written. */
  private async lookForOthers(): Promise<void> {
    this.isTold = false;
    this.isLooking = true;
    try {
      // In a transaction of its own: a statement that fails would take with it the one which happens to be open.
      const version = await this.work.run('platform', () => this.work.writesOfOthers(), 'reaction');
      if (version !== this.othersVersion) {
        for (const runner of this.runners.values()) runner.wake(true);
        this.alarms.wake();
      }
      this.othersVersion = version;
    } catch (error) {
      if (!this.isStopped) this.logger.error(`cannot see other processes: ${String(error)}`);
    }
    this.isLooking = false;
    this.lookIn(this.isTold ? LOOK_SOON : LOOK_FOR_OTHERS);
  }

  private lookIn(ms: number): void {
    this.cancelLook();
    if (!this.isStopped) this.cancelLook = this.clock.after(ms, () => void this.lookForOthers());
  }
}

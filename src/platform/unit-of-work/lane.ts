import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { isOutage, WritingConnection } from '../database/connection';

/** A piece of work that runs in a transaction together with others, each of them all or nothing. */
interface Job<G, T = unknown> {
  readonly work: (group: G) => Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** The inside of one transaction, as the lane sees it. */
export interface Group {
  /** @throws what has left traces that only a rollback can remove, whoever may have caught it */
  assertSound(): void;
  /** Sends everything that the finished jobs have asked for. */
  flush(): Promise<void>;
  /** Called once everything is durable. */
  committed(): void;
  /** Called when nothing of it has happened. */
  rolledBack(): void;
  /** After a flush that has failed: which jobs have failed it, counted from 0; none when nobody else can be kept. */
  refused(): readonly number[];
  /**
   * Inside a new transaction: what the other jobs have asked for is to be sent again.
   * @throws Error when they would have to be done again
   */
  restart(without: readonly number[]): Promise<void>;
}

export type Priority = 'command' | 'reaction' | 'rehearsal';

const TURNS: readonly Priority[] = ['command', 'reaction', 'rehearsal'];

/** A rehearsal is rolled back, and takes nobody with it. */
const LARGEST_GROUP: Readonly<Record<Priority, number>> = { command: 64, reaction: 64, rehearsal: 1 };

/**
 * The one way to the writing connection. A database has one writer at a time here, and all callers share its connection:
 * without a lane, overlapping transactions become savepoints of each other.
 *
 * What is queued runs one after another in one transaction and is committed once (group commit, as in DeWitt et al.,
 * "Implementation techniques for main memory database systems", 1984), so that many callers share one wait for the
 * disk. Nobody is answered before the commit. A job that the group's flush fails for is done again alone, and the others
 * are stored without it; when nobody knows whose fault it is, the group is split until the culprit is alone.
 * Groups of commands, groups of reactions and rehearsals take turns, so none starves another.
 */
export class Lane<G extends Group> {
  private readonly logger = new Logger('Lane');
  private readonly queues: Record<Priority, Job<G>[]> = { command: [], reaction: [], rehearsal: [] };
  /** The lane outlives its callers: it must not run in the asynchronous context of whoever happened to start it. */
  private readonly ownContext = new AsyncResource('Lane');
  private running: Promise<void> | undefined;
  private leftOpen = false;

  constructor(
    private readonly connection: Pick<WritingConnection, 'begin' | 'commit' | 'rollBack' | 'beginAnew'>,
    private readonly open: () => Promise<G>,
    private readonly onTransaction: (inside: boolean) => void = () => undefined,
  ) {}

  /**
   * @param work all or nothing; done again when its group fails as a whole, so it must have no outside effects
   * @returns what the work returns, once it is durable
   */
  run<T>(work: (group: G) => Promise<T>, priority: Priority): Promise<T> {
    // As AsyncResource.bind does, which makes a deprecated property for each function that it binds: a tenth of a command.
    const context = new AsyncResource('Job');
    return new Promise<T>((resolve, reject) => {
      const inContext = (group: G) => context.runInAsyncScope(work, undefined, group);
      this.queues[priority].push({ work: inContext, resolve, reject });
      this.running ??= this.ownContext.runInAsyncScope(() => this.drain());
    });
  }

  /** Resolves when nothing is queued or running. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async drain(): Promise<void> {
    // Callers that come in the same turn of the event loop share the first group.
    await Promise.resolve();
    for (let turn = 0; TURNS.some((one) => this.queues[one].length); turn = (turn + 1) % TURNS.length) {
      const priority = TURNS[turn];
      const jobs = this.queues[priority].splice(0, LARGEST_GROUP[priority]);
      if (jobs.length) await this.runGroup(jobs);
    }
    this.running = undefined;
  }

  private async runGroup(jobs: Job<G>[]): Promise<void> {
    let done: { readonly answers: readonly (() => void)[]; readonly refused: readonly Job<G>[] };
    try {
      done = await this.attempt(jobs);
    } catch (error) {
      if (jobs.length === 1 || isOutage(error)) {
        for (const job of jobs) job.reject(error);
        return;
      }
      const half = Math.ceil(jobs.length / 2);
      await this.runGroup(jobs.slice(0, half));
      await this.runGroup(jobs.slice(half));
      return;
    }
    for (const answer of done.answers) answer();
    // What they were refused for may not have been stored in the end: each is decided on by itself.
    for (const job of done.refused) await this.runGroup([job]);
  }

  /** What is stored stays stored, and is answered, whatever those say who hear of it. */
  private tellCommitted(group: G): void {
    try {
      group.committed();
    } catch (error) {
      this.logger.error(`something that was told of a commit has failed: ${String(error)}`);
    }
  }

  /** Either everything that succeeded is durable and each job has its answer ready, or nothing has happened. */
  private async attempt(jobs: Job<G>[]): Promise<{ answers: (() => void)[]; refused: Job<G>[] }> {
    // What could not be rolled back may still be open, and no other transaction could ever begin.
    if (this.leftOpen) await this.rollBack();
    await this.connection.begin();
    this.onTransaction(true);
    let group: G | undefined;
    try {
      const opened = (group = await this.open());
      const answers: (() => void)[] = [];
      for (const job of jobs) {
        try {
          const value = await job.work(opened);
          answers.push(() => job.resolve(value));
        } catch (error) {
          // Told only after the commit: what it was refused for may be the doing of a job before it.
          answers.push(() => job.reject(error));
        }
        opened.assertSound();
      }
      const refused = await this.flush(opened, jobs.length);
      await this.connection.commit();
      const kept = answers.filter((_, at) => !refused.includes(at));
      return {
        answers: [() => this.tellCommitted(opened), ...kept],
        refused: refused.map((at) => jobs[at]),
      };
    } catch (error) {
      await this.rollBack();
      group?.rolledBack();
      throw error;
    } finally {
      this.onTransaction(false);
    }
  }

  /** @returns which of the jobs it was sent without */
  private async flush(group: G, jobs: number): Promise<readonly number[]> {
    try {
      await group.flush();
      return [];
    } catch (error) {
      const refused = group.refused();
      if (refused.length === 0 || refused.length === jobs) throw error;
      await this.connection.beginAnew();
      await group.restart(refused);
      await group.flush();
      return refused;
    }
  }

  private async rollBack(): Promise<void> {
    this.leftOpen = await this.connection.rollBack().then(
      () => false,
      () => true,
    );
  }
}

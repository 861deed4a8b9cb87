import { Injectable, Logger } from '@nestjs/common';
import { besideDatabase } from '../database/database.options';
import { patiently } from '../database/migrate';
import { Environment } from '../environment';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { atOnce, ReactionDefinition } from './reaction-definition';
import { UnfinishedTable } from './reaction.tables';
import { Start, StartRecord } from './start-record';

/** So many times an event may take the process with it before it is tried once more with nothing beside it. */
const STARTS_IN_COMPANY = 3;

/** The process has ended again and again while this event was being handled: it is not tried any more. */
export class Crashed extends Error {
  constructor(starts: number) {
    super(
      `the process has ended ${starts} times while this event was being handled, the last time with nothing beside it`,
    );
    this.name = 'Crashed';
  }
}

/**
 * Counts events when they are started and not when they fail, because one that kills the process cannot be counted
 * afterwards. What was under way when a process died is counted by the next one.
 */
@Injectable()
export class UnfinishedStarts {
  private readonly logger = new Logger('Reactions');
  private readonly database: string;
  private record: StartRecord | undefined;
  /** For each reaction, the positions that were started and never came to an end, and how often. */
  private readonly counts = new Map<string, Map<number, number>>();

  constructor(
    private readonly work: UnitOfWork,
    environment: Environment,
  ) {
    this.database = besideDatabase(environment);
  }

  /** Begins to keep the record of this process, and counts what is in those of the dead. */
  async open(reactions: readonly ReactionDefinition[]): Promise<void> {
    const dead = StartRecord.ofTheDead(this.database);
    await patiently(() => this.work.run('platform', () => this.count(dead.flatMap(({ starts }) => starts))));
    for (const record of dead) record.forget();
    try {
      this.record = StartRecord.open(
        this.database,
        reactions.map((reaction) => [reaction.name, atOnce(reaction)]),
      );
    } catch (error) {
      // Better a shop that does not count than none: the disk may be full.
      this.logger.warn(`events that kill the process will not be counted: ${String(error)}`);
    }
  }

  close(): void {
    this.record?.close();
    this.record = undefined;
  }

  /** Those events that are to be tried once more with nothing beside them, or never again. */
  get suspects(): Start[] {
    return [...this.counts].flatMap(([reaction, positions]) =>
      [...positions]
        .filter(([, starts]) => starts >= STARTS_IN_COMPANY)
        .map(([position]) => ({ reaction, position }))
        .sort((a, b) => a.position - b.position),
    );
  }

  /** Whether the process has died while this event was under way, perhaps of another one. */
  hasBegun(reaction: string, position: number): boolean {
    return this.counts.get(reaction)?.has(position) ?? false;
  }

  /** An event is about to be handed to its handler, as one of several. @throws Crashed when it has killed the process too often */
  begin(reaction: string, position: number, lane = 0): void {
    const starts = this.counts.get(reaction)?.get(position) ?? 0;
    if (starts > STARTS_IN_COMPANY) throw new Crashed(starts);
    this.record?.begin(reaction, position, lane);
  }

  /** The handler has come to its end with the events that it was handed in this lane, one after another. */
  end(reaction: string, lane = 0): void {
    this.record?.end(reaction, lane);
  }

  /** Inside a unit of work: the event is a dead letter now. Whoever retries it begins to count anew. */
  forget(reaction: string, position: number): void {
    if (this.counts.get(reaction)?.delete(position)) this.work.remove(UnfinishedTable, [reaction, position]);
  }

  private async count(starts: readonly Start[]): Promise<void> {
    // What was handled in the end, by whomever, is nobody's business any more; a rebuild handles it all again, and history is behind.
    await this.work.query(
      `DELETE FROM reaction_unfinished WHERE NOT EXISTS (
         SELECT 1 FROM reaction WHERE name = reaction AND (rebuilding OR backfill IS NOT NULL OR checkpoint < position))
       AND NOT EXISTS (
         SELECT 1 FROM reaction_deferred waiting WHERE waiting.reaction = reaction_unfinished.reaction
            AND waiting.position = reaction_unfinished.position AND state IN ('retrying', 'parked'))`,
    );
    for (const { reaction, position } of starts) {
      const known = await this.work.find(UnfinishedTable, [reaction, position]);
      this.work.put(UnfinishedTable, { reaction, position, starts: (known?.starts ?? 0) + 1 });
    }
    const rows = await this.work.query<UnfinishedTable>('SELECT reaction, position, starts FROM reaction_unfinished');
    for (const { reaction, position, starts } of rows) {
      if (!this.counts.has(reaction)) this.counts.set(reaction, new Map());
      this.counts.get(reaction)!.set(position, starts);
    }
  }
}

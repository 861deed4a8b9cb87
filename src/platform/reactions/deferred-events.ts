import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { Database } from '../database/database';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { currentScope } from '../unit-of-work/scope';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { causeOf, inWords, stackOf } from './error-text';
import { ReactionDefinition } from './reaction-definition';
import { DeferredTable, ReactionTable } from './reaction.tables';
import { afterFailure } from './retry-policy';

const KEPT_ATTEMPTS = 20;

/** A deferred event as the queries below find it: its position is its name within the reaction. */
export interface DueEvent {
  readonly position: number;
  readonly dueAt: number;
}

/** The events that wait beside a reaction's checkpoint. Everything that changes them is called in a unit of work. */
@Injectable()
export class DeferredEvents {
  constructor(
    private readonly work: UnitOfWork,
    private readonly database: Database,
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  /**
   * @param upTo only what waits up to this position counts
   * @returns those of `streams` in which an earlier event still waits, or lies dead: later ones must not pass it
   */
  async blockedStreams(
    reaction: string,
    streams: readonly string[],
    upTo = Number.MAX_SAFE_INTEGER,
  ): Promise<Set<string>> {
    const connection = currentScope()?.transaction.connection ?? this.database.reader;
    const rows = await connection.all<{ stream: string }>(
      `SELECT DISTINCT stream FROM reaction_deferred
        WHERE reaction = $1 AND stream IN (SELECT value FROM json_each($2)) AND state <> 'skipped'
          AND position <= $3`,
      [reaction, JSON.stringify(streams), upTo],
    );
    return new Set(rows.map(({ stream }) => stream));
  }

  /** @returns the next events to try again, the longest overdue first */
  async next(reaction: string, limit: number): Promise<DueEvent[]> {
    return this.database.reader.all<DueEvent>(
      `SELECT position, due_at AS "dueAt" FROM reaction_deferred
        WHERE reaction = $1 AND state = 'retrying' ORDER BY due_at, position LIMIT $2`,
      [reaction, limit],
    );
  }

  async find(reaction: string, position: number): Promise<DeferredTable | undefined> {
    return this.work.find(DeferredTable, [reaction, position]);
  }

  /** Stores that an event waits behind an earlier one of its stream. */
  park(reaction: ReactionDefinition, event: StoredEvent): void {
    this.work.put(DeferredTable, { ...this.fresh(reaction, event), state: 'parked' });
  }

  /** Stores that an event is due at once. */
  postpone(reaction: ReactionDefinition, event: StoredEvent): void {
    this.revive(this.fresh(reaction, event));
  }

  /** Stores that an event was tried in vain for a reason that is not its own. It is due at once, and nothing is counted. */
  wait(reaction: ReactionDefinition, event: StoredEvent, error: unknown, before?: DeferredTable): DeferredTable {
    const row = before ?? this.fresh(reaction, event);
    const waiting: DeferredTable = {
      ...row,
      state: 'retrying',
      dueAt: this.clock.now().getTime(),
      error: inWords(error),
    };
    this.work.put(DeferredTable, waiting);
    return waiting;
  }

  /** Stores a failed attempt: the event is tried again later, or it is a dead letter. */
  fail(reaction: ReactionDefinition, event: StoredEvent, error: unknown, before?: DeferredTable): DeferredTable {
    const row = before ?? this.fresh(reaction, event);
    const attempts = row.attempts + 1;
    const fate = afterFailure(error, attempts, reaction.retry, Math.random());
    const now = this.clock.now();
    const text = inWords(error);
    const failed: DeferredTable = {
      ...row,
      attempts,
      state: 'delay' in fate ? 'retrying' : 'dead',
      dueAt: 'delay' in fate ? now.getTime() + fate.delay : undefined,
      reason: 'dead' in fate ? fate.dead : undefined,
      cause: 'dead' in fate ? causeOf(text) : undefined,
      error: text,
      stack: stackOf(error),
      history: [...row.history, { at: now.toISOString(), error: text }].slice(-KEPT_ATTEMPTS),
    };
    this.work.put(DeferredTable, failed);
    return failed;
  }

  /** The event needs no more waiting. The one that is parked behind it is due at once. */
  async settle(row: DeferredTable): Promise<void> {
    this.work.remove(DeferredTable, [row.reaction, row.position]);
    await this.release(row);
  }

  /** An operator has decided that the event shall not be handled. It stays on record. */
  async skip(row: DeferredTable, reason: string): Promise<void> {
    const skippedBy = currentScope()?.cause.actor;
    this.work.put(DeferredTable, { ...row, state: 'skipped', reason, skippedBy, dueAt: undefined });
    await this.release(row);
  }

  /** An event of history shall not be handled, because of what has been handled already. It stays on record. */
  leaveOut(reaction: ReactionDefinition, event: StoredEvent): void {
    this.work.put(DeferredTable, {
      ...this.fresh(reaction, event),
      state: 'skipped',
      reason: 'the reaction has been given a later event of the same stream',
      skippedBy: 'the back-fill',
    });
  }

  /** A dead letter, or one that would be tried again later, is tried again as if for the first time: at once, unless `dueAt` (milliseconds since 1970) is later. */
  revive(row: DeferredTable, dueAt = this.clock.now().getTime()): void {
    const alive = { reason: undefined, cause: undefined };
    this.work.put(DeferredTable, { ...row, ...alive, state: 'retrying', attempts: 0, dueAt });
  }

  /**
   * Inside a unit of work: the next dead letters of a reaction, in the order of the log.
   * @param wanted only those of this cause; only those at positions after the one and up to the other
   */
  async dead(
    reaction: string,
    { cause, after, upTo }: { readonly cause?: string; readonly after: number; readonly upTo: number },
    limit: number,
  ): Promise<DeferredTable[]> {
    const found = await this.work.query<{ position: number }>(
      `SELECT position FROM reaction_deferred WHERE reaction = $1 AND state = 'dead' AND position > $2 AND position <= $3
        ${cause === undefined ? '' : 'AND cause = $5'} ORDER BY position LIMIT $4`,
      [reaction, after, upTo, limit, ...(cause === undefined ? [] : [cause])],
    );
    const keys = found.map(({ position }): [string, number] => [reaction, position]);
    const rows = await this.work.findMany(DeferredTable, keys);
    return rows.sort((a, b) => a.position - b.position);
  }

  /** @returns where in the log the events stand that the reaction has failed on, or passed over, as this unit sees it */
  async positionsOf(reaction: string): Promise<Set<number>> {
    const rows = await this.work.query<{ position: number }>(
      'SELECT position FROM reaction_deferred WHERE reaction = $1',
      [reaction],
    );
    return new Set(rows.map(({ position }) => position));
  }

  /** Whether the reaction has still to handle any of them, once an operator has looked at the dead letters. */
  async anyOf(reaction: string): Promise<boolean> {
    const rows = await this.work.query(
      `SELECT 1 FROM reaction_deferred WHERE reaction = $1 AND state <> 'skipped' LIMIT 1`,
      [reaction],
    );
    return rows.length > 0;
  }

  /** The reaction begins anew, so nothing waits any more. */
  async clear(reaction: string): Promise<void> {
    await currentScope()!.transaction.connection.run('DELETE FROM reaction_deferred WHERE reaction = $1', [reaction]);
  }

  /** A reaction goes by another name now. Called at start-up, before any reaction runs. */
  async rename(former: string, name: string): Promise<void> {
    for (const table of ['reaction_deferred', 'reaction_batch', 'reaction_unfinished']) {
      await currentScope()!.transaction.connection.run(`UPDATE ${table} SET reaction = $1 WHERE reaction = $2`, [
        name,
        former,
      ]);
    }
  }

  /**
   * The history of these streams has been handed over: what was parked for nothing else is due at once.
   * @returns whether there is such
   */
  async releaseStreams(reaction: string, streams: readonly string[]): Promise<boolean> {
    const first = await currentScope()!.transaction.connection.all<{ position: number }>(
      `SELECT min(position) AS position FROM reaction_deferred
        WHERE reaction = $1 AND stream IN (SELECT value FROM json_each($2)) AND state <> 'skipped' GROUP BY stream`,
      [reaction, JSON.stringify(streams)],
    );
    const keys = first.map(({ position }): [string, number] => [reaction, position]);
    const parked = (await this.work.findMany(DeferredTable, keys)).filter(({ state }) => state === 'parked');
    for (const row of parked) this.revive(row);
    return parked.length > 0;
  }

  private async release({ reaction, stream, position }: DeferredTable): Promise<void> {
    const [next] = await currentScope()!.transaction.connection.all<{ position: number }>(
      `SELECT position FROM reaction_deferred
        WHERE reaction = $1 AND stream = $2 AND position > $3 AND state <> 'skipped' ORDER BY position LIMIT 1`,
      [reaction, stream, position],
    );
    const row = next && (await this.find(reaction, next.position));
    if (row?.state === 'parked' && !(await this.awaitsHistory(row))) this.revive(row);
  }

  /** Whether a back-fill has still to hand over earlier events of its stream. */
  private async awaitsHistory({ reaction, stream, position }: DeferredTable): Promise<boolean> {
    const backfill = (await this.work.find(ReactionTable, reaction))?.backfill;
    if (!backfill || position <= backfill.checkpoint) return false;
    return (await this.log.goingOn([stream], backfill.checkpoint, backfill.types)).has(stream);
  }

  private fresh(reaction: ReactionDefinition, event: StoredEvent): DeferredTable {
    return {
      reaction: reaction.name,
      position: event.position,
      stream: event.stream,
      state: 'retrying',
      attempts: 0,
      history: [],
      deferredAt: this.clock.now().toISOString(),
    };
  }
}

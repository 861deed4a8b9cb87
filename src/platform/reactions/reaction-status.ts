import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { ReadDatabase } from '../database/read-database';
import { EventLog, Since, StoredEvent } from '../event-log/event-log';
import { Alarms } from '../schedule/alarms';
import { isHistory } from './history';
import { Pause } from './outage';
import { ReactionDefinition } from './reaction-definition';
import { Backfill, DeferredState, Mode, ReactionTable } from './reaction.tables';
import { Reactions } from './reactions.service';

/** Counting further than this tells an operator nothing more. */
const MOST_COUNTED = 10_000;

export interface ReactionStatus {
  readonly name: string;
  readonly mode: Mode;
  readonly events: readonly string[];
  /** Missing for an in-transaction reaction, which is never behind. */
  readonly checkpoint?: number;
  /** How many events wait to be read, counted up to 10,000. */
  readonly lag: number;
  /** Events that were tried without success, or that wait behind such a one. */
  readonly deferred: number;
  readonly dead: number;
  /**
   * What it is doing just now. An idle one may have dead letters: see `dead`. `rebuild-failed`: its tables are to be
   * built anew, and nobody does it; it is tried again when it is asked for, and at the next start.
   */
  readonly state: 'idle' | 'working' | 'rebuilding' | 'rebuild-failed' | 'back-filling' | 'paused';
  /** For one that is back-filled: how many events of history there are, how many it has been given, and how many of those were left out. */
  readonly backfill?: Pick<Backfill, 'total' | 'events' | 'leftOut'>;
  /** Nothing works that it tries: since when, why, and when it tries again. No attempts are counted meanwhile. */
  readonly paused?: Pause;
}

/** Where a reaction stands. */
export interface Standing {
  /** Missing where it has not begun. */
  readonly since?: number;
  readonly checkpoint: number;
  readonly lag: number;
}

/** What became of one event in one reaction. */
export interface Fate {
  readonly reaction: string;
  readonly state: 'done' | 'waiting' | 'raised-before-reaction' | DeferredState;
  readonly finishedAt?: string;
  /** Why it is dead, or why it was skipped, in the operator's words. */
  readonly reason?: string;
  /** By whom it was skipped. */
  readonly skippedBy?: string;
  readonly attempts?: number;
  readonly error?: string;
  readonly retryAt?: string;
  /** The position of the event that this one is parked behind; missing where it waits for the history of its stream. */
  readonly behind?: number;
}

type Checkpoint = Pick<ReactionTable, 'since' | 'checkpoint' | 'types' | 'backfill'> &
  Partial<Pick<ReactionTable, 'rebuilding' | 'holder'>>;

/** A reaction that has not begun yet. */
const NOWHERE: Checkpoint = { since: 0, checkpoint: 0 };

interface DeferredRow {
  reaction: string;
  position: number;
  stream: string;
  state: DeferredState;
  attempts: number;
  due_at: number | null;
  error: string | null;
}

interface FateRow extends DeferredRow {
  reason: string | null;
  skipped_by: string | null;
  behind: number | null;
}

/** Answers how far the reactions are, and what became of an event. All of it follows from position and checkpoint. */
@Injectable()
export class ReactionStatuses {
  constructor(
    private readonly reactions: Reactions,
    private readonly alarms: Alarms,
    private readonly log: EventLog,
    private readonly database: ReadDatabase,
    private readonly clock: Clock,
  ) {}

  /** @returns every reaction with its checkpoint and what waits for it, in the order of their names */
  async all(): Promise<ReactionStatus[]> {
    return (await this.statuses(this.reactions.all)).sort((a, b) => a.name.localeCompare(b.name));
  }

  /** @returns the same of one reaction */
  async of(reaction: ReactionDefinition): Promise<ReactionStatus> {
    return (await this.statuses([reaction]))[0];
  }

  /**
   * @returns after which position the reaction handles such events, where it stands, and how many events it has still to
   * read; for history, in the back-fill
   */
  async standing({ name, types }: ReactionDefinition, event: StoredEvent): Promise<Standing> {
    const row = (await this.checkpoints()).get(name);
    if (!row) return { checkpoint: 0, lag: 0 };
    const { checkpoint, types: since, backfill } = row;
    if (isHistory(backfill, event))
      return { checkpoint: backfill!.checkpoint, lag: backfill!.total - backfill!.events };
    const lag = await this.log.countAfter(types, checkpoint, MOST_COUNTED, since);
    return { since: since?.[event.type] ?? row.since, checkpoint, lag };
  }

  /** @returns for each event what became of it in each reaction that listens to it */
  async fates(events: readonly StoredEvent[]): Promise<Map<StoredEvent, Fate[]>> {
    const checkpoints = await this.checkpoints();
    const deferred = await this.deferredAt(events.map(({ position }) => position));
    const finished = await this.finishedAt(events);
    return new Map(
      events.map((event) => [
        event,
        this.reactions.all
          .filter(({ types }) => types.includes(event.type))
          .map((reaction) => {
            const row = deferred.find(
              ({ reaction: name, position }) => name === reaction.name && position === event.position,
            );
            if (row) return { reaction: reaction.name, ...row.fate };
            return this.fate(event, reaction, checkpoints.get(reaction.name), finished);
          }),
      ]),
    );
  }

  /**
   * Sentences that say what reactions have still to do, and alarms; none when everything that was raised has been handled
   * and nothing is due.
   */
  async waiting(): Promise<string[]> {
    const checkpoints = await this.checkpoints();
    // Before events are counted: what an alarm raises that has come to its end by now is counted with them.
    const due = this.alarms.waiting;
    const wanted = this.reactions.all.filter(({ mode }) => mode !== 'in-transaction');
    const lags = await Promise.all(
      wanted.map(async ({ name, types }) => {
        const { checkpoint, types: since, backfill } = checkpoints.get(name) ?? NOWHERE;
        const lag = await this.log.countAfter(types, checkpoint, MOST_COUNTED, since);
        const paused = this.reactions.pauseOf(name);
        if (this.reactions.isRebuilding(name)) return [`${name} is being rebuilt`];
        if (paused) return [`${name} pauses until ${paused.nextProbeAt}, as nothing works: ${paused.cause}`];
        return [
          ...(backfill ? [`${name} has ${backfill.total - backfill.events} events of history to handle`] : []),
          ...(lag ? [`${name} has ${lag} events to handle after position ${checkpoint}`] : []),
        ];
      }),
    );
    const rows = await this.database.all<DeferredRow>(
      `SELECT reaction, position, stream, state, attempts, due_at, error FROM reaction_deferred
        WHERE state IN ('retrying', 'parked') AND reaction IN (SELECT value FROM json_each($1)) ORDER BY position LIMIT 20`,
      [JSON.stringify(wanted.map(({ name }) => name))],
    );
    return [
      ...due,
      ...lags.flat(),
      ...rows.map(({ reaction, position, state, attempts, due_at, error }) =>
        state === 'parked'
          ? `${reaction} has parked the event at ${position} behind an earlier one of its stream`
          : `${reaction} retries the event at ${position} in ${due_at! - this.clock.now().getTime()} ms, after ${attempts} attempts: ${error}`,
      ),
    ];
  }

  /**
   * Whether these reactions have handled what one request has raised, of which `position` is the last event. Other
   * requests' failures do not count: nobody should wait for those.
   */
  async havePassed(reactions: readonly ReactionDefinition[], position: number): Promise<boolean> {
    if ((await this.log.head()) < position) return false;
    const checkpoints = await this.checkpoints();
    for (const { name, mode, types } of reactions) {
      if (mode === 'in-transaction') continue;
      const { checkpoint, types: since } = checkpoints.get(name) ?? NOWHERE;
      if (checkpoint < position && (await this.log.hasBetween(types, checkpoint, position, since))) return false;
    }
    const own = await this.database.first(
      `SELECT 1 FROM reaction_deferred d
         JOIN event_log e ON e.position = d.position
         JOIN event_log last ON last.position = $1 AND last.correlation_id = e.correlation_id
        WHERE e.position <= $1 AND d.reaction IN (SELECT value FROM json_each($2)) AND d.state IN ('retrying', 'parked') LIMIT 1`,
      [position, JSON.stringify(reactions.map(({ name }) => name))],
    );
    return !own;
  }

  private async statuses(reactions: readonly ReactionDefinition[]): Promise<ReactionStatus[]> {
    const checkpoints = await this.checkpoints();
    const counts = await this.database.all<{ reaction: string; deferred: number; dead: number }>(
      `SELECT reaction, count(*) FILTER (WHERE state IN ('retrying', 'parked')) AS deferred,
              count(*) FILTER (WHERE state = 'dead') AS dead
         FROM reaction_deferred GROUP BY reaction`,
    );
    return Promise.all(
      reactions.map(async ({ name, mode, types, events }) => {
        const { checkpoint, types: since, backfill } = checkpoints.get(name) ?? NOWHERE;
        const count = counts.find(({ reaction }) => reaction === name);
        return {
          name,
          mode,
          events: events.map(({ type }) => type),
          ...(mode === 'in-transaction' ? {} : { checkpoint }),
          lag: mode === 'in-transaction' ? 0 : await this.log.countAfter(types, checkpoint, MOST_COUNTED, since),
          deferred: count?.deferred ?? 0,
          dead: count?.dead ?? 0,
          paused: this.reactions.pauseOf(name),
          backfill: backfill && { total: backfill.total, events: backfill.events, leftOut: backfill.leftOut },
          state: this.stateOf(name, checkpoints.get(name) ?? NOWHERE),
        };
      }),
    );
  }

  private fate(
    event: StoredEvent,
    { name, mode }: ReactionDefinition,
    checkpoint: Checkpoint | undefined,
    finished: readonly FinishedBatch[],
  ): Fate {
    const since = checkpoint?.types?.[event.type] ?? checkpoint?.since;
    const backfill = checkpoint?.backfill;
    const isBackfilled = isHistory(backfill, event);
    if (!checkpoint || (event.position <= since! && !isBackfilled))
      return { reaction: name, state: 'raised-before-reaction' };
    if (mode === 'in-transaction') return { reaction: name, state: 'done', finishedAt: event.occurredAt };
    if (event.position > (isBackfilled ? backfill! : checkpoint).checkpoint)
      return { reaction: name, state: 'waiting' };
    const batch = finished.find(
      ({ reaction, from, to }) => reaction === name && from <= event.position && event.position <= to,
    );
    return { reaction: name, state: 'done', finishedAt: batch?.finishedAt };
  }

  private async deferredAt(positions: readonly number[]) {
    const rows = await this.database.all<FateRow>(
      `SELECT d.reaction, d.position, d.stream, d.state, d.attempts, d.due_at, d.reason, d.skipped_by, d.error,
              (SELECT max(b.position) FROM reaction_deferred b WHERE b.reaction = d.reaction AND b.stream = d.stream
                 AND b.position < d.position AND b.state <> 'skipped') AS behind
         FROM reaction_deferred d WHERE d.position IN (SELECT CAST(value AS bigint) FROM json_each($1))`,
      [JSON.stringify(positions)],
    );
    return rows.map(({ reaction, position, state, attempts, due_at, reason, skipped_by, error, behind }) => ({
      reaction,
      position,
      fate: {
        state,
        reason: reason ?? undefined,
        skippedBy: skipped_by ?? undefined,
        attempts,
        error: error ?? undefined,
        retryAt: state === 'retrying' && due_at !== null ? new Date(due_at).toISOString() : undefined,
        behind: state === 'parked' ? (behind ?? undefined) : undefined,
      },
    }));
  }

  private async finishedAt(events: readonly StoredEvent[]): Promise<FinishedBatch[]> {
    // For each reaction and event, the first batch that ends at or after the event; of several that end with it, the
    // retry, which is about this event alone.
    return this.database.all<FinishedBatch>(
      `SELECT b.reaction, b.from_position AS "from", b.to_position AS "to", b.finished_at AS "finishedAt"
         FROM json_each($1) AS wanted CROSS JOIN json_each($2) AS name
         JOIN reaction_batch b ON b.id = (
           SELECT id FROM reaction_batch WHERE reaction = name.value AND to_position >= CAST(wanted.value AS bigint)
            ORDER BY to_position, from_position DESC, finished_at DESC LIMIT 1)`,
      [
        JSON.stringify(events.map(({ position }) => position)),
        JSON.stringify(this.reactions.all.map(({ name }) => name)),
      ],
    );
  }

  private stateOf(name: string, { rebuilding, holder, backfill }: Checkpoint): ReactionStatus['state'] {
    if (this.reactions.isRebuilding(name) || (rebuilding && holder)) return 'rebuilding';
    if (rebuilding) return 'rebuild-failed';
    if (this.reactions.pauseOf(name)) return 'paused';
    if (backfill) return 'back-filling';
    return this.reactions.isWorking(name) ? 'working' : 'idle';
  }

  private async checkpoints(): Promise<Map<string, Checkpoint>> {
    const rows = await this.database.all<{
      name: string;
      since: number;
      checkpoint: number;
      types: string | null;
      backfill: string | null;
      rebuilding: number;
      holder: string | null;
    }>('SELECT name, since, checkpoint, types, backfill, rebuilding, holder FROM reaction');
    return new Map(
      rows.map(({ name, types, backfill, rebuilding, holder, ...row }) => [
        name,
        {
          ...row,
          types: types ? (JSON.parse(types) as Since) : undefined,
          backfill: backfill ? (JSON.parse(backfill) as Backfill) : undefined,
          rebuilding: rebuilding === 1,
          holder: holder ?? undefined,
        },
      ]),
    );
  }
}

interface FinishedBatch {
  reaction: string;
  from: number;
  to: number;
  finishedAt: string;
}

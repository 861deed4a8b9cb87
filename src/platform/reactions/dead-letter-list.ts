import { Injectable } from '@nestjs/common';
import { ReadDatabase } from '../database/read-database';
import { Attempt, DeferredState } from './reaction.tables';

export interface DeadLetter {
  readonly position: number;
  readonly eventId: string;
  readonly type: string;
  readonly stream: string;
  readonly state: DeferredState;
  /** Why it is dead: `exhausted`, `unrecoverable`, `crash`; or why it was skipped, in the operator's words. */
  readonly reason?: string;
  readonly attempts: number;
  readonly error?: string;
  readonly stack?: string;
  readonly history: readonly Attempt[];
  readonly deferredAt: string;
  /** What it has died of, if it has. */
  readonly cause?: string;
  /** When it is tried again, if it is. */
  readonly retryAt?: string;
  /** For one that was skipped: by whom, where that is known. */
  readonly skippedBy?: string;
}

/** Dead letters of one reaction that have died of the same cause. */
export interface CauseOfDeath {
  readonly reaction: string;
  /** Their error without ids, numbers and quoted values: what `retry` and `skip` take. */
  readonly cause: string;
  readonly letters: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** When the first of them failed for the first time, and when the last one did. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** The error of one of them. */
  readonly error: string;
}

type Row = Omit<DeadLetter, 'history' | 'retryAt'> & { readonly history: string; readonly dueAt: number | null };

/** Shows the events that reactions have put aside. */
@Injectable()
export class DeadLetterList {
  constructor(private readonly database: ReadDatabase) {}

  /** @returns events that a reaction has given up on, or put aside in another way, oldest first, after a position */
  async of(reaction: string, after: number, limit: number, state: DeferredState = 'dead'): Promise<DeadLetter[]> {
    const rows = await this.database.all<Row>(
      `SELECT d.position, e.id AS "eventId", e.type, d.stream, d.state, d.reason, d.attempts, d.error, d.stack, d.history,
              d.deferred_at AS "deferredAt", d.cause, d.skipped_by AS "skippedBy", d.due_at AS "dueAt"
         FROM reaction_deferred d JOIN event_log e ON e.position = d.position
        WHERE d.reaction = $1 AND d.position > $2 AND d.state = $4 ORDER BY d.position LIMIT $3`,
      [reaction, after, limit, state],
    );
    return rows.map(({ dueAt, history, ...row }) => ({
      ...(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Omit<DeadLetter, 'history'>),
      history: JSON.parse(history) as Attempt[],
      ...(dueAt === null ? {} : { retryAt: new Date(dueAt).toISOString() }),
    }));
  }

  /**
   * @param after the reaction and the cause of the last group that is known already
   * @returns the dead letters of all reactions, grouped by cause, in the order of reactions and causes
   */
  async byCause(after: readonly [reaction: string, cause: string], limit: number): Promise<CauseOfDeath[]> {
    return this.database.all<CauseOfDeath>(
      `SELECT found.*, example.error FROM (
         SELECT reaction, cause, count(*) AS letters, min(position) AS "firstPosition", max(position) AS "lastPosition",
                min(deferred_at) AS "firstAt", max(deferred_at) AS "lastAt"
           FROM reaction_deferred WHERE state = 'dead' AND (reaction, cause) > ($1, $2)
          GROUP BY reaction, cause ORDER BY reaction, cause LIMIT $3) AS found
         JOIN reaction_deferred example ON example.reaction = found.reaction AND example.position = "lastPosition"
        ORDER BY found.reaction, found.cause`,
      [...after, limit],
    );
  }
}

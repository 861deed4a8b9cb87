import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Since, UpTo } from '../event-log/event-log';

export type Mode = 'after-commit' | 'in-transaction' | 'external';

/** A back-fill that is under way: events of before the reaction began are handed to it, oldest first. */
export interface Backfill {
  /** What is handed over: each type up to the position after which the reaction handles it anyway. */
  readonly types: UpTo;
  /** What the reaction has handled when the back-fill begins, each type after a position: in such a stream nothing older is handed over. */
  readonly handled: Since;
  /** Up to here it had handled them when the first event was handed over. Whatever is younger waits for the history of its stream. */
  readonly cut?: number;
  /** The position up to which the events are handed over. */
  readonly checkpoint: number;
  /** How many there are, how many have been handed over, and how many of these were left out. */
  readonly total: number;
  readonly events: number;
  readonly leftOut: number;
}

/** How far each reaction has come. */
@Entity('reaction')
export class ReactionTable {
  @PrimaryColumn('text') name: string;
  @Column('text') mode: Mode;
  /** The head of the log when the reaction first ran: what was raised up to here is not its business. */
  @Column('integer') since: number;
  /** The position up to which it has finished, but for the deferred events beside it. */
  @Column('integer') checkpoint: number;
  /** What it handles, each type after a position: one that it was taught later begins later. Missing in old rows. */
  @Column('simple-json', { nullable: true }) types?: Since;
  /** What it has handled in former times, and then no longer: of its history of such a type some is handled. Missing in old rows. */
  @Column('simple-json', { nullable: true }) forgotten?: string[];
  @Column('simple-json', { nullable: true }) backfill?: Backfill;
  /** For a projection: the shape of its tables, and whether they are being rebuilt. */
  @Column('text', { nullable: true }) shape?: string;
  @Column('boolean') rebuilding: boolean;
  /** The names of the tables that it has made, ever. Missing in old rows. */
  @Column('simple-json', { nullable: true }) tables?: string[];
  /**
   * For an external reaction: the process that may call out, and until when (milliseconds since 1970). For a projection:
   * who is building its tables anew; nobody is, when it is to be done and was not possible.
   */
  @Column('text', { nullable: true }) holder?: string;
  @Column('integer', { nullable: true }) heldUntil?: number;
}

/**
 * `retrying`: tried without success, due again at `dueAt`. `parked`: waits behind an earlier event of its stream.
 * `dead`: out of attempts, or refused for good. `skipped`: an operator has decided that it shall not be handled.
 */
export const DEFERRED_STATES = ['dead', 'retrying', 'parked', 'skipped'] as const;
export type DeferredState = (typeof DEFERRED_STATES)[number];

/** One failed attempt at an event. */
export interface Attempt {
  readonly at: string;
  readonly error: string;
}

/** Events that a reaction could not handle yet. */
@Entity('reaction_deferred')
@Index('reaction_deferred_due', ['reaction', 'state', 'dueAt'])
@Index('reaction_deferred_stream', ['reaction', 'stream', 'position'])
@Index('reaction_deferred_position', ['position'])
@Index('reaction_deferred_cause', ['reaction', 'cause', 'position', 'deferredAt'], { where: `state = 'dead'` })
export class DeferredTable {
  @PrimaryColumn('text') reaction: string;
  @PrimaryColumn('integer') position: number;
  @Column('text') stream: string;
  @Column('text') state: DeferredState;
  @Column('integer') attempts: number;
  /** Milliseconds since 1970. */
  @Column('integer', { nullable: true }) dueAt?: number;
  /** Why it is dead: `exhausted`, `unrecoverable`, `crash`; or why it was skipped, in the operator's words. */
  @Column('text', { nullable: true }) reason?: string;
  @Column('text', { nullable: true }) error?: string;
  @Column('text', { nullable: true }) stack?: string;
  @Column('simple-json') history: Attempt[];
  @Column('text') deferredAt: string;
  /** What it died of: see `causeOf`. Missing while it is alive. */
  @Column('text', { nullable: true }) cause?: string;
  /** Who has decided that it shall not be handled. Missing in old rows. */
  @Column('text', { nullable: true }) skippedBy?: string;
}

/** Events that were being handled when a process died, and how often that has happened. */
@Entity('reaction_unfinished')
export class UnfinishedTable {
  @PrimaryColumn('text') reaction: string;
  @PrimaryColumn('integer') position: number;
  @Column('integer') starts: number;
}

/** One row per finished batch: when, by whom, and how much. */
@Entity('reaction_batch')
@Index('reaction_batch_reaction', ['reaction', 'toPosition'])
export class BatchTable {
  @PrimaryColumn('text') id: string;
  @Column('text') reaction: string;
  @Column('integer') fromPosition: number;
  @Column('integer') toPosition: number;
  @Column('integer') events: number;
  @Column('text') startedAt: string;
  @Column('text') finishedAt: string;
  @Column('text') build: string;
  @Column('text') host: string;
}

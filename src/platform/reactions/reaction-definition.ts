import { TableClass } from '../database/tables';
import { EventClass } from '../event-log/event-types';
import { CALLS_AT_ONCE, ReactionOptions, RetryOptions } from './reaction.decorator';
import { Mode } from './reaction.tables';

/** A reaction as the platform has found it in a module. */
export interface ReactionDefinition {
  readonly name: string;
  /** The Nest module it lives in. */
  readonly module: unknown;
  readonly mode: Mode;
  readonly events: readonly EventClass[];
  /** Every name under which its events may stand in the log. */
  readonly types: readonly string[];
  readonly handler: { handle(event: object): unknown };
  readonly onFailure: 'park' | 'overtake';
  readonly retry: RetryOptions;
  /** Milliseconds. */
  readonly timeLimit: number;
  readonly batch: ReactionOptions['batch'];
  readonly from: ReactionOptions['from'];
  readonly formerly: readonly string[];
  /** Only a projection has tables. */
  readonly tables: readonly TableClass[];
}

/**
 * How many events a reaction handles at the same time, each of another stream. One that stores has a transaction, which is
 * for one after another; one that calls out waits for others.
 */
export const atOnce = ({ mode }: ReactionDefinition): number => (mode === 'external' ? CALLS_AT_ONCE : 1);

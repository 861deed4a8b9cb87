import { isOutage } from '../database/connection';
import { StoredEvent } from '../event-log/event-log';
import { DeferredTable } from './reaction.tables';
import { Interrupted } from '../unit-of-work/time-limit';

/** How events get from the log to a reaction: inside a transaction, or outside any. */
export interface Delivery {
  /** Handles the next events after the checkpoint and moves it. @returns whether there may be more */
  next(): Promise<boolean>;
  /** The same with one event and nothing beside it. @returns whether there was one */
  one(): Promise<boolean>;
  /**
   * Tries a deferred event again.
   * @param find its row, if it is still to be retried; called in a unit of work
   * @returns whether it was this process's turn. @throws what the handler throws
   */
  retry(event: StoredEvent, find: () => Promise<DeferredTable | undefined>): Promise<boolean>;
  stop(): Promise<void>;
}

/** The database is out of order, or the program ends: no event is to blame, and no attempt is counted. */
export const isNobodysFault = (error: unknown) => isOutage(error) || error instanceof Interrupted;

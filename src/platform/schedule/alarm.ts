import { EventClass } from '../event-log/event-types';

/** A thing for which something is to be done at a moment, such as a book that is to come out. */
export interface Due {
  readonly id: string;
  readonly at: Date;
}

/**
 * Does something for the things of a context when their time has come: a provider of the context's module that extends
 * this. The moments stand in the context's own table, and nowhere else, so none is forgotten with the process: what has
 * fallen due while there was no process is rung for as soon as there is one that reacts.
 */
export abstract class Alarm {
  /** The events with which something may fall due earlier than before, or at all. */
  abstract readonly movedBy: readonly EventClass[];

  /**
   * Asked after each of those events, so it has to be one query that an index answers.
   *
   * @param limit so many of them are enough
   * @param except ids of things that are not to be among them: what was done for them has failed, and is tried again later
   * @returns the things that are due and those that will be, the earliest first
   */
  abstract next(limit: number, except: readonly string[]): Promise<readonly Due[]>;

  /**
   * Does what the thing is due for, by a command. After that `next` names it no more, or for another moment. Somebody
   * else may have done it meanwhile, or another process may be doing it: that is no error.
   *
   * @throws what it has failed with; it is tried again, after a longer pause each time
   */
  abstract ring(id: string): Promise<unknown>;
}

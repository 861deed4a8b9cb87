import { applyDecorators, SetMetadata } from '@nestjs/common';
import { EventsHandler, IEventHandler } from '@nestjs/cqrs';
import { EventClass } from '../event-log/event-types';
import { TableClass } from '../database/tables';

export const REACTION = Symbol('reaction');

/** How many events a reaction that talks to the outside handles at the same time, each of another stream. */
export const CALLS_AT_ONCE = 8;

/** What may differ from the default: handled after commit, in a transaction of its own, retried, from now on. */
export interface ReactionOptions {
  /** Runs inside the command's unit of work. If it throws, the command is refused and nothing has happened. */
  readonly within?: 'transaction';
  /** After a failure: `park` holds back later events of the same stream (the default), `overtake` does not. */
  readonly onFailure?: 'park' | 'overtake';
  /** Talks to the outside world, so it runs outside any transaction, at least once. It stores through commands. */
  readonly effects?: 'external';
  readonly retry?: Partial<RetryOptions>;
  /** Milliseconds after which a handler that has not come to its end has failed; 30,000 unless told otherwise. */
  readonly timeLimit?: number;
  /** How many events may share a transaction; 256 unless told otherwise. Fewer for a reaction that does much for each. */
  readonly batch?: number;
  /** A new reaction handles what is raised from now on, unless it is told to begin with the first event. */
  readonly from?: 'beginning';
  /** Names under which it was stored before. */
  readonly formerly?: readonly string[];
}

export interface RetryOptions {
  /** How many times an event is tried before it is a dead letter. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubles with each further one. */
  readonly firstDelay: number;
  /** Milliseconds that a delay never exceeds. */
  readonly longestDelay: number;
}

export interface ReactionMetadata extends ReactionOptions {
  readonly name: string;
  /** The tables of a projection, which the platform makes and can rebuild. */
  readonly tables?: readonly TableClass[];
}

type HandlerOf<Event extends object> = new (...dependencies: never[]) => IEventHandler<Event>;
type EventOf<Class> = Class extends EventClass<infer Event> ? Event : never;
type OneOrMore<Class extends EventClass> = Class | readonly Class[];

/**
 * Makes an event handler a reaction: every event of these types reaches it, exactly once in effect, in order.
 *
 * @param name stored: never change it without `formerly`. `<context>.<effect>`, such as `inventory.open-stock`
 */
export function Reaction<Class extends EventClass>(
  events: OneOrMore<Class>,
  name: string,
  options: ReactionOptions = {},
) {
  return decorate(events, { ...options, name });
}

/**
 * Makes an event handler a projection: a reaction that builds tables from events and nothing else, beginning with the
 * first event in the log. The platform makes the tables; when their shape changes, or an operator asks for it, it
 * builds them anew while the old ones go on being read.
 *
 * @param name stored, as a reaction's is
 */
export function Projection<Class extends EventClass>(
  events: OneOrMore<Class>,
  name: string,
  options: Pick<ReactionOptions, 'formerly' | 'retry' | 'timeLimit'> & { readonly tables: readonly TableClass[] },
) {
  return decorate(events, { ...options, name, from: 'beginning' });
}

function decorate<Class extends EventClass>(events: OneOrMore<Class>, metadata: ReactionMetadata) {
  const classes = Array.isArray(events) ? (events as readonly Class[]) : [events as Class];
  return (handler: HandlerOf<EventOf<Class>>): void =>
    applyDecorators(EventsHandler(...classes), SetMetadata(REACTION, metadata))(handler);
}

/** Thrown by a reaction for an event that it will never be able to handle: a dead letter at once. */
export class Unrecoverable extends Error {}

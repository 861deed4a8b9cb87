import { newId } from '../../kernel/ids';
import { ContextSlot } from './context-slot';

/** Why something happens: what goes into the envelope of each event that follows from it. */
export interface Cause {
  readonly correlationId: string;
  /** The request, the command or the event that led here. */
  readonly causationId: string;
  /** The command class or the reaction at work. */
  readonly raisedBy: string;
  /** On whose behalf: `anonymous`, `import`, ... */
  readonly actor: string;
  readonly traceparent?: string;
}

/** A request from outside, and how far the log had come when the last of its commands was stored. */
export interface Request {
  readonly correlationId: string;
  /** What led to the request, where that is known: an event whose reaction works outside any transaction. */
  readonly causationId?: string;
  readonly actor: string;
  readonly traceparent?: string;
  position?: number;
}

const requests = new ContextSlot<Request>('request');

/** Runs what a request asks for, so that every event can be traced to it. */
export const withinRequest = <T>(request: Request, work: () => T): T => requests.run(request, work);

export const currentRequest = (): Request | undefined => requests.get();

/** A request that nobody made over the wire: a timer, a command line, a test. */
export const newRequest = (actor: string): Request => ({ correlationId: newId(), actor });

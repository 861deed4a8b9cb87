import { StoredEvent } from '../event-log/event-log';
import { Fate } from '../reactions/reaction-status';

/** A step back from an event to where it all began. */
export type Link =
  | { readonly kind: 'reaction'; readonly name: string }
  | {
      readonly kind: 'event';
      readonly type: string;
      readonly stream: string;
      readonly position: number;
      readonly at: string;
    }
  | { readonly kind: 'command'; readonly name: string; readonly at: string }
  | { readonly kind: 'request'; readonly correlationId: string; readonly actor: string };

/** What became of an event in a reaction, and what else there is to know about it. */
export interface Verdict extends Omit<Fate, 'state'> {
  readonly state: Fate['state'] | 'not-registered' | 'does-not-listen';
  /** For `raised-before-reaction`: the reaction handles such events after this position. */
  readonly since?: number;
  /** For `waiting`: where the reaction stands, and how many events it has still to read, counted up to 10,000. */
  readonly checkpoint?: number;
  readonly lag?: number;
}

/** An event with what led to it, and what followed from it. */
export interface ExplainedEvent extends Pick<
  StoredEvent,
  'position' | 'type' | 'stream' | 'occurredAt' | 'actor' | 'correlationId'
> {
  /** From what raised it back to the request. */
  readonly because: readonly Link[];
  readonly reactions: readonly Verdict[];
  /** The events that were raised because of it. */
  readonly ledTo: readonly Pick<StoredEvent, 'position' | 'type' | 'stream'>[];
}

/** Why a thing is as it is, or why it is not there. */
export interface Explanation {
  /** `inventory/<id>`, or `event/<position>`. */
  readonly thing: string;
  /** False where it is not there, and the events are those that it should have been made from. */
  readonly exists: boolean;
  /** Its own events, oldest first. */
  readonly events: readonly ExplainedEvent[];
  /** All of this in sentences. */
  readonly story: readonly string[];
  /** The cursor of the following events. */
  readonly next?: string;
}

/** @returns an event, its causes and its consequences in sentences */
export function storyOf({ position, type, occurredAt, because, reactions, ledTo }: ExplainedEvent): string[] {
  return [
    `At position ${position}, ${occurredAt}: ${type}`,
    ...because.map((link) => `  ${backTo(link)}`),
    ...reactions.map((verdict) => `  ${inWords(verdict)}`),
    ...ledTo.map((event) => `  → ${event.type} of ${event.stream} at position ${event.position}`),
  ];
}

function backTo(link: Link): string {
  switch (link.kind) {
    case 'reaction':
      return `← reaction ${link.name}`;
    case 'event':
      return `← ${link.type} of ${link.stream} at position ${link.position}, ${link.at}`;
    case 'command':
      return `← command ${link.name}, ${link.at}`;
    case 'request':
      return `← request ${link.correlationId} of ${link.actor}`;
  }
}

function inWords(verdict: Verdict): string {
  const { reaction, state, attempts, error, reason } = verdict;
  switch (state) {
    case 'done':
      return `${reaction} has handled it${verdict.finishedAt ? `, ${verdict.finishedAt}` : ''}`;
    case 'waiting':
      return `${reaction} has not come to it yet: it stands at position ${verdict.checkpoint}, with ${verdict.lag} events to read`;
    case 'retrying':
      return `${reaction} will try it again at ${verdict.retryAt}, after ${attempts} attempts: ${error ?? 'not tried yet'}`;
    case 'parked':
      if (verdict.behind === undefined) {
        return `${reaction} holds it back until the back-fill has handed over what comes before it in its stream`;
      }
      return `${reaction} holds it back behind the event at position ${verdict.behind}, which comes first in its stream`;
    case 'dead':
      return `${reaction} has given it up (${reason}) after ${attempts} attempts: ${error}`;
    case 'skipped':
      return `${reaction} leaves it out, as ${verdict.skippedBy ?? 'an operator'} has decided: ${reason}`;
    case 'raised-before-reaction':
      return `${reaction} leaves it out: it handles such events after position ${verdict.since ?? 'none yet'} only`;
    case 'not-registered':
      return `${reaction} is no reaction of this program`;
    case 'does-not-listen':
      return `${reaction} does not listen to such events`;
  }
}

import { Injectable } from '@nestjs/common';
import { Statements } from '../database/connection';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { ReactionDefinition } from './reaction-definition';
import { Backfill, ReactionTable } from './reaction.tables';

/** A part of a reaction's history. */
export interface Page {
  /** The next events, oldest first. */
  readonly events: readonly StoredEvent[];
  /** Those that it cannot be handed any more: it has handled a later event of their stream. */
  readonly leftOut: ReadonlySet<StoredEvent>;
}

/** What was raised before a reaction began, or before it was taught a type. */
@Injectable()
export class History {
  constructor(private readonly log: EventLog) {}

  /** @returns how a back-fill of all of it begins */
  plan({ types = {}, forgotten = [] }: ReactionTable): Omit<Backfill, 'total'> {
    const began = Object.entries(types).filter(([type, since]) => since > 0 && !forgotten.includes(type));
    // Of what it has forgotten nobody knows how much it had handled.
    const handled = { ...types, ...Object.fromEntries(forgotten.map((type): [string, number] => [type, 0])) };
    return { types: Object.fromEntries(began), handled, checkpoint: 0, events: 0, leftOut: 0 };
  }

  /** @returns its next `limit` events. @param cut up to here the reaction has handled what is no history */
  async page(
    { onFailure }: ReactionDefinition,
    { checkpoint, types, handled }: Pick<Backfill, 'checkpoint' | 'types' | 'handled'>,
    cut: number,
    limit: number,
    connection?: Statements,
  ): Promise<Page> {
    const events = await this.log.between(checkpoint, types, limit, connection);
    // A reaction that lets later events overtake an earlier one does not mind.
    if (onFailure === 'overtake') return { events, leftOut: new Set() };
    const last = await this.log.lastOf(streamsOf(events), handled, cut, connection);
    return { events, leftOut: new Set(events.filter(({ stream, position }) => position < (last.get(stream) ?? 0))) };
  }
}

export const streamsOf = (events: Iterable<StoredEvent>): string[] => [
  ...new Set([...events].map(({ stream }) => stream)),
];

/** Whether a back-fill is to hand the event over, or has done so. */
export const isHistory = (backfill: Backfill | undefined, { type, position }: StoredEvent): boolean =>
  backfill !== undefined && position <= (backfill.types[type] ?? 0);

import { Provider } from '@nestjs/common';

/**
 * A sentence that is true of every healthy database, and the SQL that finds where it is not: a SELECT whose column
 * `violation` says what is wrong. Written once, asked by `npm run doctor`, by the tests, and by whoever breaks things
 * on purpose. (`type || ''` in a condition keeps SQLite from going through all events of a type where the stream leads to few.)
 */
export class Invariant {
  constructor(
    readonly sentence: string,
    readonly sql: string,
    /** It is quick however much is stored, so the shop asks itself before it calls itself ready. */
    readonly isCheap = false,
  ) {}
}

/** A context's invariants, as a provider of its module. */
export function invariants(list: readonly Invariant[]): Provider {
  return { provide: Symbol('invariants'), useValue: new Invariants(list) };
}

export class Invariants {
  constructor(readonly list: readonly Invariant[]) {}
}

/**
 * The invariant of a reaction: each event that it has passed has had its effect once, unless the event waits, is a dead
 * letter or was skipped.
 *
 * @param reaction its stored name
 * @param types the stored types of its events
 * @param effect a SQL condition over `event` (a row of the log): true when the effect is there exactly once
 */
export function effectOnce(reaction: string, types: readonly string[], effect: string): Invariant {
  const list = types.map((type) => `'${type}'`).join(', ');
  return new Invariant(
    `each event that ${reaction} has passed has had its effect once`,
    `SELECT '${reaction}: ' || event.type || ' at position ' || event.position || ' has had no effect, or more than one'
              AS violation
       FROM event_log event JOIN reaction ON reaction.name = '${reaction}'
      WHERE event.type IN (${list})
        AND event.position > coalesce(CAST(json_extract(reaction.types, '$."' || event.type || '"') AS bigint), reaction.since)
        AND (event.position <= reaction.checkpoint OR reaction.mode = 'in-transaction')
        AND NOT EXISTS (SELECT 1 FROM reaction_deferred deferred
                         WHERE deferred.reaction = reaction.name AND deferred.position = event.position)
        AND NOT (${effect})`,
  );
}

import { Invariant, invariants } from './invariant';

/** What is true of the log and the reactions, whatever the shop sells. */
export const PLATFORM_INVARIANTS = invariants([
  new Invariant(
    'positions follow each other without a hole',
    `SELECT 'the log ends at position ' || max(position) || ', but has ' || count(*) || ' events' AS violation
       FROM event_log HAVING count(*) <> coalesce(max(position), 0)`,
  ),
  new Invariant(
    'the events of a stream are numbered in the order of their positions',
    `SELECT stream || ' goes from version ' || before || ' to ' || stream_version || ' at position ' || position AS violation
       FROM (SELECT stream, stream_version, position,
                    lag(stream_version) OVER (PARTITION BY stream ORDER BY position) AS before FROM event_log) AS numbered
      WHERE before >= stream_version`,
  ),
  new Invariant(
    'no reaction is further than the log',
    `SELECT name || ' stands at ' || checkpoint || ', after the end of the log' AS violation
       FROM reaction WHERE checkpoint > (SELECT coalesce(max(position), 0) FROM event_log)`,
    true,
  ),
  new Invariant(
    'a deferred event is in the log, in the stream that it waits for, and behind its checkpoint',
    `SELECT deferred.reaction || ' has deferred position ' || deferred.position || ', which is not such an event' AS violation
       FROM reaction_deferred deferred
       LEFT JOIN event_log event ON event.position = deferred.position AND event.stream = deferred.stream
       LEFT JOIN reaction ON reaction.name = deferred.reaction AND reaction.checkpoint >= deferred.position
      WHERE event.position IS NULL OR reaction.name IS NULL`,
  ),
  new Invariant(
    'an event that is to be retried has a time for it',
    `SELECT deferred.reaction || ' will never retry the event at position ' || deferred.position AS violation
       FROM reaction_deferred deferred WHERE deferred.state = 'retrying' AND deferred.due_at IS NULL`,
  ),
  new Invariant(
    'a parked event waits behind an earlier one that will set it free, or for the history of its stream',
    `SELECT parked.reaction || ' has parked position ' || parked.position || ' behind nothing' AS violation
       FROM reaction_deferred parked
      WHERE parked.state = 'parked' AND NOT EXISTS (
        SELECT 1 FROM reaction_deferred earlier
         WHERE earlier.reaction = parked.reaction AND earlier.stream = parked.stream
           AND earlier.position < parked.position AND earlier.state <> 'skipped')
        AND NOT EXISTS (
        SELECT 1 FROM reaction JOIN event_log earlier ON earlier.stream = parked.stream
         WHERE reaction.name = parked.reaction
           AND earlier.position > CAST(json_extract(reaction.backfill, '$.checkpoint') AS bigint)
           AND earlier.position <= CAST(json_extract(reaction.backfill, '$.types."' || earlier.type || '"') AS bigint))`,
  ),
  new Invariant(
    'a dead letter says why',
    `SELECT reaction || ' has a dead letter without a reason at position ' || position AS violation
       FROM reaction_deferred WHERE state IN ('dead', 'skipped') AND (reason IS NULL OR reason = '')`,
  ),
]);

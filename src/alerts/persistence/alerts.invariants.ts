import { Invariant, invariants } from '../../platform/invariants/invariant';

const APPLY = `'alerts.apply-rule'`;

/** The events that a reaction has handled: all up to its checkpoint, but for those that wait, are dead or were skipped. */
const handledBy = (reaction: string) =>
  `event_log event JOIN reaction ON reaction.name = '${reaction}' AND event.position <= reaction.checkpoint
     AND NOT EXISTS (SELECT 1 FROM reaction_deferred deferred
                      WHERE deferred.reaction = reaction.name AND deferred.position = event.position)`;

/** Something that follows from a step of the rule is still to be done. */
const isBeingApplied = `EXISTS (
  SELECT 1 FROM event_log event JOIN reaction ON reaction.name = ${APPLY}
   WHERE event.stream = 'alerts.rule/' || rule.id
     AND (event.position > reaction.checkpoint OR EXISTS (
       SELECT 1 FROM reaction_deferred deferred WHERE deferred.reaction = reaction.name AND deferred.position = event.position)))`;

const lastStep = `(SELECT type FROM event_log WHERE stream = 'alerts.rule/' || rule.id
                      AND type || '' <> 'alerts.rule-partly-applied' ORDER BY stream_version DESC LIMIT 1)`;

const eventsOf = (type: string) =>
  `(SELECT count(*) FROM event_log WHERE stream = 'alerts.alert/' || alert.id AND type || '' = 'alerts.alert-${type}')`;

const STOCK = ['opened', 'adjusted', 'received', 'reserved', 'released', 'shipped', 'returned']
  .map((change) => `'inventory.stock-${change}'`)
  .join(', ');

const lastAvailable = `(SELECT CAST(json_extract(event.facts, '$.available') AS bigint)
                          FROM ${handledBy('alerts.note-copies')}
                         WHERE event.stream = 'inventory.stock/' || copies.book_id AND event.type || '' IN (${STOCK})
                         ORDER BY event.position DESC LIMIT 1)`;

export const ALERTS_INVARIANTS = invariants([
  new Invariant(
    'a rule has at most one open alert about each subject',
    `SELECT 'rule ' || rule_id || ' has ' || count(*) || ' open alerts about "' || subject || '"' AS violation
       FROM alerts_alert WHERE status = 'open' GROUP BY rule_id, subject HAVING count(*) > 1`,
  ),
  new Invariant(
    'an open alert belongs to an active rule that watches its subject',
    `SELECT 'alert ' || alert.id || ' is open, but its rule is ' || coalesce(rule.status || ' for "' || rule.subject || '"', 'missing')
              AS violation
       FROM alerts_alert alert LEFT JOIN alerts_rule rule ON rule.id = alert.rule_id
      WHERE alert.status = 'open' AND NOT (
        rule.id IS NOT NULL AND rule.subject IN ('', alert.subject)
          AND (rule.status = 'ACTIVE' OR rule.status = 'RETIRED' AND ${isBeingApplied}))`,
  ),
  new Invariant(
    'an open alert about copies is of a book that is sold and has not recovered',
    `SELECT 'alert ' || alert.id || ' about book ' || alert.subject || ' is open, with ' || copies.available || ' copies'
              AS violation
       FROM alerts_alert alert JOIN alerts_copies copies ON copies.book_id = alert.subject
       JOIN alerts_rule rule ON rule.id = alert.rule_id AND rule.status = 'ACTIVE'
      WHERE alert.status = 'open' AND alert.metric = 'available-copies' AND (copies.is_withdrawn
         OR CASE alert.comparison WHEN 'below' THEN copies.available >= alert.clear_at ELSE copies.available <= alert.clear_at END)`,
  ),
  new Invariant(
    'each book that crosses the threshold of an active rule has an open alert',
    `SELECT 'book ' || copies.book_id || ' has ' || copies.available || ' copies, but no alert of rule ' || rule.id AS violation
       FROM alerts_rule rule
       JOIN alerts_copies copies ON rule.subject IN ('', copies.book_id) AND NOT copies.is_withdrawn
        AND CASE rule.comparison WHEN 'below' THEN copies.available < rule.threshold ELSE copies.available > rule.threshold END
      WHERE rule.status = 'ACTIVE' AND rule.metric = 'available-copies' AND NOT ${isBeingApplied} AND NOT EXISTS (
        SELECT 1 FROM alerts_alert alert
         WHERE alert.rule_id = rule.id AND alert.subject = copies.book_id AND alert.status = 'open')`,
  ),
  new Invariant(
    'as many rules of each metric are active as are counted',
    `SELECT metric || ': ' || counted || ' are counted, ' || active || ' are active' AS violation
       FROM (SELECT metric, coalesce(max(active_rules), 0) AS counted, coalesce(max(active), 0) AS active
               FROM (SELECT metric, active_rules, NULL AS active FROM alerts_metric
                      UNION ALL
                     SELECT metric, NULL, count(*) FROM alerts_rule WHERE status = 'ACTIVE' GROUP BY metric) AS both_ways
              GROUP BY metric) AS compared
      WHERE counted <> active`,
  ),
  new Invariant(
    'the state of each rule is what its last event says',
    `SELECT 'rule ' || rule.id || ' is ' || rule.status || ', but its last event is ' || coalesce(${lastStep}, 'missing') AS violation
       FROM alerts_rule rule
      WHERE coalesce(${lastStep}, '') <> CASE rule.status WHEN 'DRAFT' THEN 'alerts.rule-drafted'
        WHEN 'ACTIVE' THEN 'alerts.rule-activated' ELSE 'alerts.rule-retired' END`,
  ),
  new Invariant(
    'each alert was raised once, and cleared once where it is over',
    `SELECT 'alert ' || alert.id || ' is ' || alert.status || ', but was raised ' || ${eventsOf('raised')} || ' times and cleared '
              || ${eventsOf('cleared')} || ' times' AS violation
       FROM alerts_alert alert
      WHERE ${eventsOf('raised')} <> 1 OR ${eventsOf('cleared')} <> CASE alert.status WHEN 'open' THEN 0 ELSE 1 END`,
  ),
  new Invariant(
    'alerts know as many copies of each book as the log tells of',
    `SELECT 'book ' || copies.book_id || ' has ' || copies.available || ' copies; the log says '
              || coalesce(${lastAvailable}, 0) AS violation
       FROM alerts_copies copies WHERE copies.available <> coalesce(${lastAvailable}, 0)`,
  ),
  new Invariant(
    'the revenue of each day is what the log tells of',
    `SELECT day || ' in ' || currency || ': ' || kept || '; the log says ' || told AS violation
       FROM (SELECT day, currency, coalesce(sum(kept), 0) AS kept, coalesce(sum(told), 0) AS told
               FROM (SELECT day, currency, amount AS kept, NULL AS told FROM alerts_revenue
                      UNION ALL
                     SELECT substr(event.occurred_at, 1, 10), json_extract(event.facts, '$.amount.currency'), NULL,
                            CASE event.type WHEN 'payments.payment-received' THEN 1 ELSE -1 END
                              * CAST(json_extract(event.facts, '$.amount.amount') AS bigint)
                       FROM ${handledBy('alerts.add-revenue')}
                      WHERE event.type IN ('payments.payment-received', 'payments.payment-refunded')) AS both_ways
              GROUP BY day, currency) AS compared
      WHERE kept <> told`,
  ),
]);

import { Invariant, invariants } from '../../platform/invariants/invariant';
import { STEPS } from '../model/funnel';

/** The events that a projection has counted: all up to its checkpoint, but for those that wait, are dead or were skipped. */
const countedBy = (reaction: string) =>
  `event_log event JOIN reaction ON reaction.name = '${reaction}' AND event.position <= reaction.checkpoint
     AND NOT EXISTS (SELECT 1 FROM reaction_deferred deferred
                      WHERE deferred.reaction = reaction.name AND deferred.position = event.position)`;

/** Two SELECTs find the same rows: `violation` is made of a row that only one of them finds. */
const same = (sentence: string, kept: string, told: string, columns: string, violation: string) =>
  new Invariant(
    sentence,
    `WITH kept (${columns}) AS (${kept}), told (${columns}) AS (${told})
     SELECT ${violation} || ', by the table but not by the log' AS violation FROM (SELECT * FROM kept EXCEPT SELECT * FROM told) AS odd
      UNION ALL
     SELECT ${violation} || ', by the log but not by the table' AS violation FROM (SELECT * FROM told EXCEPT SELECT * FROM kept) AS odd`,
  );

const of = (type: string, value: string) =>
  `CAST(sum(CASE WHEN event.type = 'orders.order-${type}' THEN ${value} ELSE 0 END) AS bigint)`;

const amount = `CAST(json_extract(event.facts, '$.total.amount') AS bigint)`;
const quantity = `CAST(json_extract(item.value, '$.quantity') AS bigint)`;
const copies = `(SELECT sum(${quantity}) FROM json_each(event.facts, '$.items') item)`;

const SALES = `('orders.order-placed', 'orders.order-cancelled', 'orders.order-returned')`;

export const ANALYTICS_INVARIANTS = invariants([
  same(
    'the sales of each day are those that the log tells of',
    `SELECT day, currency, placed, cancelled, returned, copies, placed_amount, cancelled_amount, returned_amount
       FROM analytics_day`,
    `SELECT substr(event.occurred_at, 1, 10), json_extract(event.facts, '$.total.currency'),
            ${of('placed', '1')}, ${of('cancelled', '1')}, ${of('returned', '1')}, ${of('placed', copies)},
            ${of('placed', amount)}, ${of('cancelled', amount)}, ${of('returned', amount)}
       FROM ${countedBy('analytics.sales')} WHERE event.type IN ${SALES}
      GROUP BY substr(event.occurred_at, 1, 10), json_extract(event.facts, '$.total.currency')`,
    'day, currency, placed, cancelled, returned, copies, placed_amount, cancelled_amount, returned_amount',
    `day || ' in ' || currency || ': ' || placed || ' orders of ' || copies || ' copies and ' || placed_amount || ', '
       || cancelled || ' of ' || cancelled_amount || ' cancelled, ' || returned || ' of ' || returned_amount || ' returned'`,
  ),
  same(
    'the copies of each best-seller are those that the log tells of',
    `SELECT book_id, copies FROM analytics_best_seller WHERE period = 'all'`,
    `SELECT json_extract(item.value, '$.bookId'),
            CAST(sum(CASE WHEN event.type = 'orders.order-placed' THEN ${quantity} ELSE -${quantity} END) AS bigint)
       FROM ${countedBy('analytics.best-sellers')} CROSS JOIN json_each(event.facts, '$.items') item
      WHERE event.type IN ${SALES} GROUP BY json_extract(item.value, '$.bookId')`,
    'book_id, copies',
    `book_id || ': ' || copies || ' copies'`,
  ),
  new Invariant(
    'the days, the months and the years of each best-seller come to the same as all time',
    `SELECT book_id || ' has sold from ' || min(copies) || ' to ' || max(copies) || ' copies' AS violation
       FROM (SELECT book_id, sum(copies) AS copies FROM analytics_best_seller
              GROUP BY book_id, length(period)) AS periods
      GROUP BY book_id HAVING min(copies) <> max(copies)`,
  ),
  same(
    'as many orders have come to each step as the log tells of',
    'SELECT step, orders FROM analytics_funnel',
    `SELECT substr(event.type, length('orders.order-') + 1), count(*)
       FROM ${countedBy('analytics.funnel')} WHERE event.type IN (${STEPS.map((step) => `'orders.order-${step}'`).join(', ')}) GROUP BY event.type`,
    'step, orders',
    `orders || ' ' || step`,
  ),
]);

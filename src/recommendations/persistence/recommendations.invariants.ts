import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';
import { MOST_BOOKS } from '../model/basket';

export const RECOMMENDATIONS_INVARIANTS = invariants([
  new Invariant(
    'two books have as many orders in common from one side as from the other',
    `SELECT pair.book_id || ' and ' || pair.other_id || ' have ' || pair.orders || ' orders in common, from the other side '
              || coalesce(back.orders, 0) AS violation
       FROM recommendations_pair pair
       LEFT JOIN recommendations_pair back ON back.book_id = pair.other_id AND back.other_id = pair.book_id
      WHERE pair.orders <> coalesce(back.orders, 0)`,
  ),
  new Invariant(
    'the pairs of books are as many as the orders have made',
    `SELECT 'there are ' || pairs || ' pairs, but the orders have made ' || made AS violation
       FROM (SELECT coalesce(sum(orders), 0) AS pairs FROM recommendations_pair) AS kept
       CROSS JOIN (
         SELECT coalesce(sum(CASE WHEN type = 'orders.order-placed' THEN 1 ELSE -1 END
                  * CASE WHEN books > ${MOST_BOOKS} THEN ${MOST_BOOKS * (MOST_BOOKS - 1)} ELSE books * (books - 1) END), 0) AS made
           FROM (SELECT event.type, (SELECT count(*) FROM json_each(event.facts, '$.items') item) AS books
                   FROM event_log event JOIN reaction ON reaction.name = 'recommendations.bought-together'
                    AND event.position <= reaction.checkpoint
                  WHERE event.type IN ('orders.order-placed', 'orders.order-cancelled')
                    AND NOT EXISTS (SELECT 1 FROM reaction_deferred deferred
                                     WHERE deferred.reaction = reaction.name AND deferred.position = event.position)
                ) AS counted) AS told
      WHERE pairs <> made`,
  ),
  effectOnce(
    'recommendations.books',
    ['catalog.book-added'],
    `EXISTS (SELECT 1 FROM recommendations_book WHERE book_id = json_extract(event.facts, '$.bookId'))`,
  ),
]);

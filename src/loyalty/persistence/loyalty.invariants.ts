import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

const entries = (kind: string) =>
  `(SELECT count(*) FROM loyalty_entry WHERE order_id = json_extract(event.facts, '$.orderId') AND kind = '${kind}')`;

export const LOYALTY_INVARIANTS = invariants([
  new Invariant(
    'the points of each customer are the sum of the ledger',
    `SELECT account.email || ' has ' || account.points || ' points; the ledger says ' || coalesce(sum(entry.points), 0)
              AS violation
       FROM loyalty_account account LEFT JOIN loyalty_entry entry ON entry.email = account.email
      GROUP BY account.email HAVING account.points <> coalesce(sum(entry.points), 0) OR account.points < 0`,
  ),
  // An order of before there were points has none to be taken back.
  effectOnce(
    'loyalty.award-points',
    ['orders.order-placed', 'orders.order-cancelled', 'orders.order-returned'],
    `CASE event.type WHEN 'orders.order-placed' THEN ${entries('awarded')} = 1
       ELSE ${entries('revoked')} = ${entries('awarded')} END`,
  ),
]);

import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

export const PAYMENTS_INVARIANTS = invariants([
  new Invariant(
    'what was paid and refunded for each order is the sum of its ledger',
    `SELECT 'order ' || payment.order_id || ' has ' || payment.paid || ' paid and ' || payment.refunded
              || ' refunded; its ledger says ' || coalesce(sum(CASE entry.kind WHEN 'received' THEN entry.amount END), 0)
              || ' and ' || coalesce(sum(CASE entry.kind WHEN 'refunded' THEN entry.amount END), 0) AS violation
       FROM payments_payment payment
       LEFT JOIN payments_entry entry ON entry.order_id = payment.order_id AND entry.currency = payment.currency
      GROUP BY payment.order_id, payment.paid, payment.refunded
     HAVING payment.paid <> coalesce(sum(CASE entry.kind WHEN 'received' THEN entry.amount END), 0)
         OR payment.refunded <> coalesce(sum(CASE entry.kind WHEN 'refunded' THEN entry.amount END), 0)`,
  ),
  new Invariant(
    'no more was refunded for an order than was paid',
    `SELECT 'order ' || entry.order_id || ' has more refunded in ' || entry.currency || ' than was paid' AS violation
       FROM payments_entry entry
      GROUP BY entry.order_id, entry.currency
     HAVING sum(CASE entry.kind WHEN 'received' THEN entry.amount ELSE -entry.amount END) < 0`,
  ),
  new Invariant(
    'the shop keeps no more than is due, and nothing of an order that was called off',
    `SELECT 'order ' || order_id || ' has ' || paid || ' paid, ' || refunded || ' refunded, ' || refunding || ' on its way back'
              AS violation
       FROM payments_payment
      WHERE refunding < 0 OR paid < refunding + refunded
         OR paid - refunding - refunded > CASE WHEN due IS NULL OR is_called_off THEN 0 ELSE due END`,
  ),
  new Invariant(
    'each payment and each refund in the ledger has its event once',
    `SELECT entry.kind || ' ' || entry.reference || ' for order ' || entry.order_id || ' has no event, or more than one'
              AS violation
       FROM payments_entry entry JOIN payments_payment payment ON payment.order_id = entry.order_id
      WHERE payment.due IS NOT NULL AND (
        SELECT count(*) FROM event_log event
         WHERE event.stream = 'payments.payment/' || entry.order_id
           AND event.type = CASE entry.kind WHEN 'received' THEN 'payments.payment-received' ELSE 'payments.payment-refunded' END
           AND coalesce(json_extract(event.facts, '$.paymentId'), json_extract(event.facts, '$.refundId')) = entry.reference) <> 1`,
  ),
  effectOnce(
    'payments.expect-payment',
    ['orders.order-placed', 'orders.order-cancelled', 'orders.order-returned'],
    `EXISTS (SELECT 1 FROM payments_payment payment
              WHERE payment.order_id = json_extract(event.facts, '$.orderId') AND payment.due IS NOT NULL
                AND (event.type = 'orders.order-placed' OR payment.is_called_off))`,
  ),
  effectOnce(
    'payments.give-back',
    ['payments.refund-requested'],
    `(SELECT count(*) FROM payments_entry entry
       WHERE entry.kind = 'refunded' AND entry.reference = json_extract(event.facts, '$.refundId')) = 1`,
  ),
]);

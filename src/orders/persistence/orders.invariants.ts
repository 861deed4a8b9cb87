import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

/** The order's last event, by the order's stream. */
const lastStep = `(SELECT type FROM event_log WHERE stream = 'orders.order/' || orders_order.id
                    ORDER BY stream_version DESC LIMIT 1)`;

export const ORDERS_INVARIANTS = invariants([
  new Invariant(
    'the total of each order is the sum of its lines',
    `SELECT 'order ' || id || ' costs ' || total_amount || ', its lines ' || lines AS violation
       FROM (SELECT id, total_amount, (SELECT sum(CAST(json_extract(item.value, '$.quantity') AS bigint)
                                                * CAST(json_extract(item.value, '$.unitPrice.amount') AS bigint))
                                         FROM json_each(orders_order.items) item) AS lines FROM orders_order) AS added
      WHERE lines <> total_amount`,
  ),
  new Invariant(
    'the state of each order is what its last event says',
    `SELECT 'order ' || id || ' is ' || status || ', but its last event is ' || coalesce(${lastStep}, 'missing') AS violation
       FROM orders_order
      WHERE coalesce(${lastStep}, '') <> CASE status WHEN 'PENDING' THEN 'orders.order-placed'
        ELSE 'orders.order-' || lower(status) END`,
  ),
  new Invariant(
    'each order that was placed is stored',
    `SELECT event.stream || ' was placed at position ' || event.position || ', but is not stored' AS violation
       FROM event_log event
      WHERE event.type = 'orders.order-placed' AND NOT EXISTS (
        SELECT 1 FROM orders_order WHERE id = json_extract(event.facts, '$.orderId'))`,
  ),
  effectOnce(
    'orders.price-list',
    ['catalog.book-added'],
    `EXISTS (SELECT 1 FROM orders_price WHERE book_id = json_extract(event.facts, '$.bookId'))
       OR EXISTS (SELECT 1 FROM event_log later WHERE later.stream = event.stream AND later.type || '' = 'catalog.book-withdrawn')`,
  ),
]);

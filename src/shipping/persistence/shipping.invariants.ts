import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

const SHIPMENT = `FROM shipping_shipment shipment WHERE shipment.order_id = json_extract(event.facts, '$.orderId')`;

export const SHIPPING_INVARIANTS = invariants([
  // An order of before there were shipments has none until it is shipped, and then nothing to be delivered.
  effectOnce(
    'shipping.prepare-shipment',
    [
      'orders.order-confirmed',
      'orders.order-shipped',
      'orders.order-delivered',
      'orders.order-cancelled',
      'orders.order-returned',
    ],
    `CASE event.type
       WHEN 'orders.order-confirmed' THEN EXISTS (SELECT 1 ${SHIPMENT})
       WHEN 'orders.order-shipped' THEN EXISTS (SELECT 1 ${SHIPMENT}
         AND shipment.carrier = json_extract(event.facts, '$.carrier')
         AND shipment.tracking_number = json_extract(event.facts, '$.trackingNumber'))
       WHEN 'orders.order-delivered' THEN NOT EXISTS (SELECT 1 ${SHIPMENT} AND shipment.delivered_at IS NULL)
       WHEN 'orders.order-cancelled' THEN NOT EXISTS (SELECT 1 ${SHIPMENT} AND shipment.status <> 'CALLED_OFF')
       ELSE NOT EXISTS (SELECT 1 ${SHIPMENT} AND shipment.status <> 'RETURNED') END`,
  ),
  new Invariant(
    'no shipment is further than its order',
    `SELECT 'the shipment of order ' || order_id || ' is ' || status || ', but the order has never been so' AS violation
       FROM shipping_shipment
      WHERE NOT EXISTS (
        SELECT 1 FROM event_log event
         WHERE event.stream = 'orders.order/' || order_id
           AND event.type || '' = CASE status WHEN 'PREPARED' THEN 'orders.order-confirmed'
             WHEN 'CALLED_OFF' THEN 'orders.order-cancelled' ELSE 'orders.order-' || lower(status) END)`,
  ),
  new Invariant(
    'each shipment was prepared once, and called off once if it is',
    `SELECT 'the shipment of order ' || order_id || ' was prepared ' || prepared || ' times, and called off ' || called_off
              AS violation
       FROM (SELECT shipment.order_id, shipment.status,
                    sum(CASE event.type WHEN 'shipping.shipment-prepared' THEN 1 ELSE 0 END) AS prepared,
                    sum(CASE event.type WHEN 'shipping.shipment-called-off' THEN 1 ELSE 0 END) AS called_off
               FROM shipping_shipment shipment
               LEFT JOIN event_log event ON event.stream = 'shipping.shipment/' || shipment.order_id
              GROUP BY shipment.order_id, shipment.status) AS told
      WHERE prepared <> 1 OR called_off <> CASE status WHEN 'CALLED_OFF' THEN 1 ELSE 0 END`,
  ),
]);

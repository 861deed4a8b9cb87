import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

/** One line of the ledger of each book of the order that the event tells of, with the right number of copies. */
const movedOnce = (kind: string, copies: string) => `NOT EXISTS (
  SELECT 1 FROM json_each(event.facts, '$.items') item
   WHERE (SELECT count(*) FROM inventory_movement movement
           WHERE movement.book_id = json_extract(item.value, '$.bookId')
             AND movement.order_id = substr(event.stream, ${'orders.order/'.length + 1})
             AND movement.kind = '${kind}'
             AND ${copies} = CAST(json_extract(item.value, '$.quantity') AS bigint)) <> 1)`;

export const INVENTORY_INVARIANTS = invariants([
  new Invariant(
    'the stock of each book is the sum of its ledger',
    `SELECT 'book ' || stock.book_id || ' has ' || stock.quantity || ' copies, ' || stock.reserved || ' reserved; its ledger says '
              || coalesce(sum(movement.quantity), 0) || ' and ' || coalesce(sum(movement.reserved), 0) AS violation
       FROM inventory_stock stock LEFT JOIN inventory_movement movement ON movement.book_id = stock.book_id
      GROUP BY stock.book_id
     HAVING stock.quantity <> coalesce(sum(movement.quantity), 0) OR stock.reserved <> coalesce(sum(movement.reserved), 0)`,
  ),
  new Invariant(
    'no more copies are set aside than there are',
    `SELECT 'book ' || book_id || ' has ' || quantity || ' copies, and ' || reserved || ' are set aside' AS violation
       FROM inventory_stock WHERE reserved < 0 OR quantity < reserved`,
  ),
  effectOnce(
    'inventory.open-stock',
    ['catalog.book-added'],
    `(SELECT count(*) FROM inventory_movement movement
       WHERE movement.book_id = json_extract(event.facts, '$.bookId') AND movement.kind = 'opened') = 1`,
  ),
  effectOnce('inventory.reserve-stock', ['orders.order-placed'], movedOnce('reserved', 'movement.reserved')),
  effectOnce('inventory.release-stock', ['orders.order-cancelled'], movedOnce('released', '-movement.reserved')),
  effectOnce('inventory.ship-stock', ['orders.order-shipped'], movedOnce('shipped', '-movement.quantity')),
  effectOnce('inventory.take-back-stock', ['orders.order-returned'], movedOnce('returned', 'movement.quantity')),
]);

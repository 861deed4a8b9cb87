import type { ShipmentState, ShipmentStatus } from '../model/shipment';
import type { PackedBook } from '../shipping.events';

export interface ShipmentRow {
  orderId: string;
  status: ShipmentStatus;
  recipient: string;
  shippingAddress: string;
  items: string;
  carrier: string | null;
  trackingNumber: string | null;
  preparedAt: string;
  shippedAt: string | null;
  deliveredAt: string | null;
  calledOffAt: string | null;
  returnedAt: string | null;
}

/** What to select from `shipping_shipment` for a `ShipmentRow`. */
export const SHIPMENT_COLUMNS = `order_id AS "orderId", status, recipient, shipping_address AS "shippingAddress", items, carrier,
  tracking_number AS "trackingNumber", prepared_at AS "preparedAt", shipped_at AS "shippedAt", delivered_at AS "deliveredAt",
  called_off_at AS "calledOffAt", returned_at AS "returnedAt"`;

/** A shipment as the shop shows it, alone and in lists. */
export const toDetails = (row: ShipmentRow): ShipmentState => ({
  ...row,
  items: JSON.parse(row.items) as PackedBook[],
  carrier: row.carrier ?? undefined,
  trackingNumber: row.trackingNumber ?? undefined,
  shippedAt: row.shippedAt ?? undefined,
  deliveredAt: row.deliveredAt ?? undefined,
  calledOffAt: row.calledOffAt ?? undefined,
  returnedAt: row.returnedAt ?? undefined,
});

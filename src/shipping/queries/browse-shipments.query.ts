import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import type { ShipmentState, ShipmentStatus } from '../model/shipment';
import { SHIPMENT_COLUMNS, ShipmentRow, toDetails } from './shipment-details';

export interface ShipmentFilter {
  readonly status?: ShipmentStatus;
  readonly limit: number;
  readonly cursor?: string;
}

/** Shipments in the order in which they were prepared, so that who has waited longest is packed first, one page at a time. */
export class BrowseShipments extends Query<Page<ShipmentState>> {
  constructor(readonly filter: ShipmentFilter) {
    super();
  }
}

@QueryHandler(BrowseShipments)
export class BrowseShipmentsHandler implements IQueryHandler<BrowseShipments> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ filter: { status, limit, cursor } }: BrowseShipments): Promise<Page<ShipmentState>> {
    const after = cursor ? decodeCursor(cursor, ['string', 'string']) : ['', ''];
    const rows = await this.database.all<ShipmentRow>(
      `SELECT ${SHIPMENT_COLUMNS} FROM shipping_shipment WHERE (prepared_at, order_id) > ($1, $2) ${status ? 'AND status = $4' : ''}
        ORDER BY prepared_at, order_id LIMIT $3`,
      [...after, limit + 1, ...(status ? [status] : [])],
    );
    return page(rows.map(toDetails), limit, ({ preparedAt, orderId }) => [preparedAt, orderId]);
  }
}

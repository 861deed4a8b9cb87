import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import type { ShipmentState } from '../model/shipment';
import { ShipmentNotFound } from '../model/shipping.errors';
import { SHIPMENT_COLUMNS, ShipmentRow, toDetails } from './shipment-details';

export class FindShipment extends Query<ShipmentState> {
  constructor(readonly orderId: string) {
    super();
  }
}

@QueryHandler(FindShipment)
export class FindShipmentHandler implements IQueryHandler<FindShipment> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws ShipmentNotFound */
  async execute({ orderId }: FindShipment): Promise<ShipmentState> {
    const row = await this.database.first<ShipmentRow>(
      `SELECT ${SHIPMENT_COLUMNS} FROM shipping_shipment WHERE order_id = $1`,
      [orderId],
    );
    if (!row) throw new ShipmentNotFound(orderId);
    return toDetails(row);
  }
}

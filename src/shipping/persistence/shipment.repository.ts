import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { Shipment } from '../model/shipment';
import { ShipmentTable } from './shipment.table';

/** The place of a shipment's events in the log. */
export const streamOf = (orderId: string) => `shipping.shipment/${orderId}`;

@Injectable()
export class ShipmentRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** @returns the shipment of an order; undefined where nothing of it was ever to be sent */
  async find(orderId: string): Promise<Shipment | undefined> {
    const row = await this.work.find(ShipmentTable, orderId);
    if (!row) return undefined;
    const { version, ...state } = row;
    return this.work.track(Shipment.restore(state), streamOf(orderId), version);
  }

  async save(shipment: Shipment): Promise<void> {
    this.work.save(shipment, streamOf(shipment.orderId), ShipmentTable, shipment.snapshot());
  }
}

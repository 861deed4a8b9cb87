import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ShipmentStatus } from '../model/shipment';
import type { PackedBook } from '../shipping.events';

@Entity('shipping_shipment')
@Index('shipping_shipment_status', ['status', 'preparedAt', 'orderId'])
@Index('shipping_shipment_prepared', ['preparedAt', 'orderId'])
export class ShipmentTable {
  @PrimaryColumn('text') orderId: string;
  @Column('integer') version: number;
  @Column('text') status: ShipmentStatus;
  @Column('text') recipient: string;
  @Column('text') shippingAddress: string;
  /** Beside their shipment and not in a table: they never change, and nobody asks for them without it. */
  @Column('simple-json') items: readonly PackedBook[];
  @Column('text', { nullable: true }) carrier?: string;
  @Column('text', { nullable: true }) trackingNumber?: string;
  @Column('text') preparedAt: string;
  @Column('text', { nullable: true }) shippedAt?: string;
  @Column('text', { nullable: true }) deliveredAt?: string;
  @Column('text', { nullable: true }) calledOffAt?: string;
  @Column('text', { nullable: true }) returnedAt?: string;
}

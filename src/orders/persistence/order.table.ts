import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { OrderStatus } from '../model/order';
import type { OrderItem } from '../orders.events';

@Entity('orders_order')
@Index('orders_order_status', ['status', 'id'])
@Index('orders_order_customer', ['customerEmail', 'id'])
export class OrderTable {
  @PrimaryColumn('text') id: string;
  @Column('integer') version: number;
  @Column('text') status: OrderStatus;
  @Column('text') customerName: string;
  @Column('text') customerEmail: string;
  @Column('text') shippingAddress: string;
  /** Beside their order and not in a table: they never change, and nobody asks for them without it. */
  @Column('simple-json') items: readonly OrderItem[];
  @Column('integer') totalAmount: number;
  @Column('text') totalCurrency: string;
  @Column('text', { nullable: true }) carrier?: string;
  @Column('text', { nullable: true }) trackingNumber?: string;
  @Column('text', { nullable: true }) reason?: string;
  @Column('text') placedAt: string;
}

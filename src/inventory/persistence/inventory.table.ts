import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Movement } from '../model/inventory';

/**
 * The database refuses a row that has promised more than there is: the check `inventory_stock_available` lives in the
 * migration alone, as TypeORM does not find checks whose names SQLite keeps without quotes.
 */
@Entity('inventory_stock')
export class InventoryTable {
  @PrimaryColumn('text') bookId: string;
  @Column('integer') version: number;
  @Column('text') title: string;
  @Column('integer') quantity: number;
  @Column('integer') reserved: number;
}

/** The ledger: one row for each change of a stock. Rows never change. */
@Entity('inventory_movement')
@Index('inventory_movement_book', ['bookId', 'id'])
export class MovementTable {
  @PrimaryColumn('text') id: string;
  @Column('text') bookId: string;
  @Column('text') kind: Movement['kind'];
  @Column('integer') quantity: number;
  @Column('integer') reserved: number;
  @Column('text', { nullable: true }) orderId?: string;
  @Column('text', { nullable: true }) reason?: string;
  @Column('text') movedAt: string;
}

import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { PointsEntry } from '../model/points-account';

@Entity('loyalty_account')
export class PointsAccountTable {
  @PrimaryColumn('text') email: string;
  @Column('integer') version: number;
  @Column('integer') points: number;
}

/** The ledger: at most one line of each kind for an order. Rows never change. */
@Entity('loyalty_entry')
@Index('loyalty_entry_account', ['email', 'id'])
export class PointsEntryTable {
  @PrimaryColumn('text') orderId: string;
  @PrimaryColumn('text') kind: PointsEntry['kind'];
  @Column('text') id: string;
  @Column('text') email: string;
  @Column('integer') points: number;
  @Column('text') madeAt: string;
}

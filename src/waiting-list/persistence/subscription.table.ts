import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Wait } from '../model/subscription';

@Entity('waiting_list_subscription')
@Index('waiting_list_subscription_person', ['bookId', 'email'], { unique: true })
@Index('waiting_list_subscription_call', ['bookId', 'call', 'since'], { where: 'call IS NOT NULL' })
export class SubscriptionTable {
  @PrimaryColumn('text') id: string;
  @Column('integer') version: number;
  @Column('text') bookId: string;
  @Column('text') email: string;
  /** Missing, as what follows is, where nothing is waited for. */
  @Column('text', { nullable: true }) waitsFor?: Wait['for'];
  @Column('integer', { nullable: true }) call?: number;
  @Column('text', { nullable: true }) since?: string;
}

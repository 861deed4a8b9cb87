import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The shop's books as alerts know them. */
@Entity('alerts_copies')
@Index('alerts_copies_available', ['available', 'bookId'])
export class CopiesTable {
  @PrimaryColumn('text') bookId: string;
  /** Missing as long as only its withdrawal has been heard of. */
  @Column('text', { nullable: true }) title?: string;
  @Column('integer') available: number;
  @Column('boolean') isWithdrawn: boolean;
}

/** Orders by the minute, in a ring: a minute takes the place of the one that was an hour before. */
@Entity('alerts_minute')
export class MinuteTable {
  /** From 0 to 59. */
  @PrimaryColumn('integer') place: number;
  /** Since 1970. */
  @Column('integer') minute: number;
  @Column('integer') orders: number;
}

/** What was paid on a UTC day less what went back on it, in minor units. */
@Entity('alerts_revenue')
export class RevenueTable {
  @PrimaryColumn('text') day: string;
  @PrimaryColumn('text') currency: string;
  @Column('integer') amount: number;
}

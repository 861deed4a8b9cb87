import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('waiting_list_book')
export class AwaitedBookTable {
  @PrimaryColumn('text') bookId: string;
  @Column('integer') version: number;
  @Column('text') title: string;
  @Column('boolean') isPublished: boolean;
  @Column('boolean') isInStock: boolean;
  @Column('boolean') isWithdrawn: boolean;
  @Column('integer') nextCall: number;
  @Column('boolean') isAwaited: boolean;
}

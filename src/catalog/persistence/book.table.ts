import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { BookStatus } from '../model/book';

@Entity('catalog_book')
export class BookTable {
  @PrimaryColumn('text') id: string;
  @Column('integer') version: number;
  @Column('text') title: string;
  @Column('text') author: string;
  @Column('text', { nullable: true }) isbn?: string;
  @Column('integer') priceAmount: number;
  @Column('text') priceCurrency: string;
  @Column('text', { nullable: true }) description?: string;
  @Column('text', { nullable: true }) publishAt?: string;
  @Column('text') status: BookStatus;
  @Column('text') addedAt: string;
  @Column('text', { nullable: true }) reference?: string;
}

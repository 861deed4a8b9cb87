import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { BookStatus } from '../model/book';

@Entity('catalog_book')
@Index('catalog_book_isbn', ['isbn'], { unique: true, where: 'isbn IS NOT NULL' })
@Index('catalog_book_reference', ['reference'], { unique: true, where: 'reference IS NOT NULL' })
@Index('catalog_book_due', ['publishAt'], { where: "publish_at IS NOT NULL AND status = 'ADDED'" })
@Index('catalog_book_drafts', ['id'], { where: "publish_at IS NULL AND status = 'ADDED'" })
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

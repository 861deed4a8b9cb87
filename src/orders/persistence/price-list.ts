import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { BookNotForSale } from '../model/orders.errors';
import type { OrderItem } from '../orders.events';
import { PriceTable } from './price.table';

/** A book and how many copies of it a customer wants. */
export type OrderLine = Pick<OrderItem, 'bookId' | 'quantity'>;

@Injectable()
export class PriceList {
  constructor(private readonly work: UnitOfWork) {}

  /**
   * @returns the lines with titles and prices as they are now
   * @throws BookNotForSale naming every book that has no price
   */
  async price(lines: readonly OrderLine[]): Promise<OrderItem[]> {
    const ids = [...new Set(lines.map(({ bookId }) => bookId))];
    const rows = new Map((await this.work.findMany(PriceTable, ids)).map((row) => [row.bookId, row]));
    const unknown = ids.filter((id) => !rows.has(id));
    if (unknown.length) throw new BookNotForSale(unknown);
    return lines.map(({ bookId, quantity }) => {
      const { title, priceAmount, priceCurrency } = rows.get(bookId)!;
      return { bookId, title, quantity, unitPrice: { amount: priceAmount, currency: priceCurrency } };
    });
  }
}

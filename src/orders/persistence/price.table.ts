import { Column, Key, ReadTable } from '../../platform/projections/projection';

/** What a book is called and costs, as far as orders have heard. Withdrawn books are not in it. */
@ReadTable('orders_price')
export class PriceTable {
  @Key() bookId: string;
  @Column() title: string;
  @Column() priceAmount: number;
  @Column() priceCurrency: string;
}

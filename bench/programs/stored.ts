import { DataSource } from 'typeorm';
import type { BookTable } from '../../src/catalog/persistence/book.table';
import type { Book } from '../../src/catalog/model/book';
import type { InventoryTable } from '../../src/inventory/persistence/inventory.table';
import { databaseOptions } from '../../src/platform/database/database.options';
import { openWriter, writerOf } from '../../src/platform/database/sources';
import { Environment } from '../../src/platform/environment';

/** The shop's own tables in a database that is set as the shop sets it. */
export const database = {
  provide: DataSource,
  useFactory: async (): Promise<DataSource> => {
    const options = databaseOptions(Environment.ofProcess());
    const source = await openWriter(options);
    if (options.type === 'sqlite') return source;
    // The shop writes through one connection; what others would build has a pool.
    await writerOf(source).release();
    await source.destroy();
    return new DataSource({ ...options, poolSize: CONNECTIONS }).initialize();
  },
};

/** More than the machine has cores, and fewer than PostgreSQL suffers from. */
const CONNECTIONS = 16;

/** A book as a row of the shop's own table. */
export function bookRow(book: Book): BookTable {
  const { price, publishAt, addedAt, ...state } = book.snapshot();
  return {
    ...state,
    version: 1,
    priceAmount: price.amount,
    priceCurrency: price.currency,
    publishAt: publishAt?.toISOString(),
    addedAt: addedAt.toISOString(),
  };
}

/** The first copies of a book, as a row of the shop's own table. */
export const inventoryRow = (bookId: string, title: string): InventoryTable => ({
  bookId,
  version: 1,
  title,
  quantity: 10,
  reserved: 0,
});

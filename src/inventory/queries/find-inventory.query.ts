import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { InventoryNotFound } from '../model/inventory.errors';

/** How many copies there are of a book, how many of these are set aside, and how many are for sale. */
export interface StockLevel {
  readonly bookId: string;
  readonly title: string;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;
}

export class FindInventory extends Query<StockLevel> {
  constructor(readonly bookId: string) {
    super();
  }
}

@QueryHandler(FindInventory)
export class FindInventoryHandler implements IQueryHandler<FindInventory> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws InventoryNotFound */
  async execute({ bookId }: FindInventory): Promise<StockLevel> {
    const row = await this.database.first<StockLevel>(
      `SELECT book_id AS "bookId", title, quantity, reserved, quantity - reserved AS "available"
         FROM inventory_stock WHERE book_id = $1`,
      [bookId],
    );
    if (!row) throw new InventoryNotFound(bookId);
    return row;
  }
}

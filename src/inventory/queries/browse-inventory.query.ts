import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { StockLevel } from './find-inventory.query';

/** The stock of every book, in the order in which the books were added. */
export class BrowseInventory extends Query<Page<StockLevel>> {
  constructor(
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(BrowseInventory)
export class BrowseInventoryHandler implements IQueryHandler<BrowseInventory> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ limit, cursor }: BrowseInventory): Promise<Page<StockLevel>> {
    const [after] = cursor ? decodeCursor(cursor, ['string']) : [''];
    const rows = await this.database.all<StockLevel>(
      `SELECT book_id AS "bookId", title, quantity, reserved, quantity - reserved AS "available"
         FROM inventory_stock WHERE book_id > $1 ORDER BY book_id LIMIT $2`,
      [after, limit + 1],
    );
    return page(rows, limit, ({ bookId }) => [bookId]);
  }
}

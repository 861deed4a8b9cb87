import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { Movement } from '../model/inventory';
import { InventoryNotFound } from '../model/inventory.errors';

/** One line of the ledger: by how much the stock changed, why, and when. */
export interface LedgerLine {
  readonly id: string;
  readonly kind: Movement['kind'];
  readonly quantity: number;
  readonly reserved: number;
  readonly orderId?: string;
  readonly reason?: string;
  readonly movedAt: string;
}

/** The ledger of a book's stock, oldest line first. */
export class BrowseMovements extends Query<Page<LedgerLine>> {
  constructor(
    readonly bookId: string,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

type Row = LedgerLine & { orderId: string | null; reason: string | null };

@QueryHandler(BrowseMovements)
export class BrowseMovementsHandler implements IQueryHandler<BrowseMovements> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws InventoryNotFound */
  async execute({ bookId, limit, cursor }: BrowseMovements): Promise<Page<LedgerLine>> {
    const [after] = cursor ? decodeCursor(cursor, ['string']) : [''];
    const rows = await this.database.all<Row>(
      `SELECT id, kind, quantity, reserved, order_id AS "orderId", reason, moved_at AS "movedAt"
         FROM inventory_movement WHERE book_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [bookId, after, limit + 1],
    );
    if (rows.length === 0 && !cursor) throw new InventoryNotFound(bookId);
    const lines = rows.map((row) => ({ ...row, orderId: row.orderId ?? undefined, reason: row.reason ?? undefined }));
    return page(lines, limit, ({ id }) => [id]);
  }
}

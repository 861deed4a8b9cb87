import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { Inventory } from '../model/inventory';
import { InventoryNotFound } from '../model/inventory.errors';
import { InventoryTable, MovementTable } from './inventory.table';

/** The place of a stock's events in the log. */
export const streamOf = (bookId: string) => `inventory.stock/${bookId}`;

@Injectable()
export class InventoryRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @throws InventoryNotFound */
  async get(bookId: string): Promise<Inventory> {
    const row = await this.work.find(InventoryTable, bookId);
    if (!row) throw new InventoryNotFound(bookId);
    return this.toInventory(row);
  }

  /** @returns the stocks that are kept of these books, by the books' ids */
  async findMany(bookIds: readonly string[]): Promise<Map<string, Inventory>> {
    const rows = await this.work.findMany(InventoryTable, bookIds);
    return new Map(rows.map((row) => [row.bookId, this.toInventory(row)]));
  }

  /** Stores the stock together with the lines of its ledger that are new. Called once per stock and unit of work. */
  async save(inventory: Inventory): Promise<void> {
    this.work.save(inventory, streamOf(inventory.id), InventoryTable, inventory.snapshot());
    const movedAt = this.clock.now().toISOString();
    for (const { cause, ...movement } of inventory.movements) {
      this.work.insert(MovementTable, { id: newId(), bookId: inventory.id, ...movement, ...cause, movedAt });
    }
  }

  private toInventory({ version, ...state }: InventoryTable): Inventory {
    return this.work.track(Inventory.restore(state), streamOf(state.bookId), version);
  }
}

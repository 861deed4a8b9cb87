import { IEventHandler } from '@nestjs/cqrs';
import { BookAdded } from '../../catalog/catalog.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { InitialStock } from '../inventory.settings';
import { Inventory } from '../model/inventory';
import { InventoryRepository } from '../persistence/inventory.repository';

/** When a book is added to the catalog, the shop begins with some copies of it. */
@Reaction(BookAdded, 'inventory.open-stock')
export class OpenStockOnBookAdded implements IEventHandler<BookAdded> {
  constructor(
    private readonly inventories: InventoryRepository,
    private readonly initialStock: InitialStock,
  ) {}

  async handle({ bookId, title }: BookAdded): Promise<void> {
    const inventory = Inventory.open({ bookId, title, quantity: this.initialStock.copies });
    await this.inventories.save(inventory);
    inventory.commit();
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { OrderShipped } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { InventoryRepository } from '../persistence/inventory.repository';

/** The copies of a shipped order leave the shelf. */
@Reaction(OrderShipped, 'inventory.ship-stock')
export class ShipStockOnOrderShipped implements IEventHandler<OrderShipped> {
  constructor(private readonly inventories: InventoryRepository) {}

  async handle({ orderId, items }: OrderShipped): Promise<void> {
    for (const { bookId, quantity } of items) {
      const inventory = await this.inventories.get(bookId);
      inventory.ship(orderId, quantity);
      await this.inventories.save(inventory);
      inventory.commit();
    }
  }
}

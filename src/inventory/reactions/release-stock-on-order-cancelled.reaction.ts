import { IEventHandler } from '@nestjs/cqrs';
import { OrderCancelled } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { InventoryRepository } from '../persistence/inventory.repository';

/** The copies that a cancelled order had set aside are for sale again. */
@Reaction(OrderCancelled, 'inventory.release-stock')
export class ReleaseStockOnOrderCancelled implements IEventHandler<OrderCancelled> {
  constructor(private readonly inventories: InventoryRepository) {}

  async handle({ orderId, items }: OrderCancelled): Promise<void> {
    for (const { bookId, quantity } of items) {
      const inventory = await this.inventories.get(bookId);
      inventory.release(orderId, quantity);
      await this.inventories.save(inventory);
      inventory.commit();
    }
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { OrderReturned } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { InventoryRepository } from '../persistence/inventory.repository';

/** The copies of a returned order are back on the shelf. */
@Reaction(OrderReturned, 'inventory.take-back-stock')
export class TakeBackStockOnOrderReturned implements IEventHandler<OrderReturned> {
  constructor(private readonly inventories: InventoryRepository) {}

  async handle({ orderId, items }: OrderReturned): Promise<void> {
    for (const { bookId, quantity } of items) {
      const inventory = await this.inventories.get(bookId);
      inventory.takeBack(orderId, quantity);
      await this.inventories.save(inventory);
      inventory.commit();
    }
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { OrderPlaced } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { OutOfStock } from '../model/inventory.errors';
import { InventoryRepository } from '../persistence/inventory.repository';

/** An order is placed only if every copy it asks for can be set aside: otherwise the order is refused as a whole. */
@Reaction(OrderPlaced, 'inventory.reserve-stock', { within: 'transaction' })
export class ReserveStockOnOrderPlaced implements IEventHandler<OrderPlaced> {
  constructor(private readonly inventories: InventoryRepository) {}

  /** @throws OutOfStock naming every book that falls short */
  async handle({ orderId, items }: OrderPlaced): Promise<void> {
    const stock = await this.inventories.findMany(items.map(({ bookId }) => bookId));
    const short = items.filter(({ bookId, quantity }) => !stock.get(bookId)?.canReserve(quantity));
    if (short.length > 0) {
      throw new OutOfStock(
        short.map(({ bookId, title, quantity }) => ({
          bookId,
          title,
          wanted: quantity,
          available: stock.get(bookId)?.available ?? 0,
        })),
      );
    }
    for (const { bookId, quantity } of items) {
      const inventory = stock.get(bookId)!;
      inventory.reserve(orderId, quantity);
      await this.inventories.save(inventory);
      inventory.commit();
    }
  }
}

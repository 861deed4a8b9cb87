import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { InventoryRepository } from '../persistence/inventory.repository';

/** Corrects the stock of a book after a count, a loss or a find. The amount may be negative. */
export class AdjustStock {
  constructor(
    readonly bookId: string,
    readonly amount: number,
    readonly reason: string,
  ) {}
}

@CommandHandler(AdjustStock)
export class AdjustStockHandler implements ICommandHandler<AdjustStock> {
  constructor(private readonly inventories: InventoryRepository) {}

  async execute({ bookId, amount, reason }: AdjustStock): Promise<void> {
    const inventory = await this.inventories.get(bookId);
    inventory.adjust(amount, reason);
    await this.inventories.save(inventory);
    inventory.commit();
  }
}

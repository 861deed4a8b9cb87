import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { InventoryRepository } from '../persistence/inventory.repository';

/** Takes in copies of a book from the supplier. */
export class ReceiveStock {
  constructor(
    readonly bookId: string,
    readonly amount: number,
  ) {}
}

@CommandHandler(ReceiveStock)
export class ReceiveStockHandler implements ICommandHandler<ReceiveStock> {
  constructor(private readonly inventories: InventoryRepository) {}

  async execute({ bookId, amount }: ReceiveStock): Promise<void> {
    const inventory = await this.inventories.get(bookId);
    inventory.receive(amount);
    await this.inventories.save(inventory);
    inventory.commit();
  }
}

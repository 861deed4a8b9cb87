import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { OrderRepository } from '../persistence/order.repository';

/** Takes the books of a delivered order back. */
export class ReturnOrder {
  constructor(
    readonly orderId: string,
    readonly reason: string,
  ) {}
}

@CommandHandler(ReturnOrder)
export class ReturnOrderHandler implements ICommandHandler<ReturnOrder> {
  constructor(private readonly orders: OrderRepository) {}

  async execute({ orderId, reason }: ReturnOrder): Promise<void> {
    const order = await this.orders.get(orderId);
    order.return(reason);
    await this.orders.save(order);
    order.commit();
  }
}

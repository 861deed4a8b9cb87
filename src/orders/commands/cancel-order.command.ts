import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { OrderRepository } from '../persistence/order.repository';

/** Calls an order off. */
export class CancelOrder {
  constructor(
    readonly orderId: string,
    readonly reason: string,
  ) {}
}

@CommandHandler(CancelOrder)
export class CancelOrderHandler implements ICommandHandler<CancelOrder> {
  constructor(private readonly orders: OrderRepository) {}

  async execute({ orderId, reason }: CancelOrder): Promise<void> {
    const order = await this.orders.get(orderId);
    order.cancel(reason);
    await this.orders.save(order);
    order.commit();
  }
}

import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { OrderRepository } from '../persistence/order.repository';

/** Notes that an order has reached its customer. */
export class DeliverOrder {
  constructor(readonly orderId: string) {}
}

@CommandHandler(DeliverOrder)
export class DeliverOrderHandler implements ICommandHandler<DeliverOrder> {
  constructor(private readonly orders: OrderRepository) {}

  async execute({ orderId }: DeliverOrder): Promise<void> {
    const order = await this.orders.get(orderId);
    order.deliver();
    await this.orders.save(order);
    order.commit();
  }
}

import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { OrderRepository } from '../persistence/order.repository';

/** Accepts an order. */
export class ConfirmOrder {
  constructor(readonly orderId: string) {}
}

@CommandHandler(ConfirmOrder)
export class ConfirmOrderHandler implements ICommandHandler<ConfirmOrder> {
  constructor(private readonly orders: OrderRepository) {}

  async execute({ orderId }: ConfirmOrder): Promise<void> {
    const order = await this.orders.get(orderId);
    order.confirm();
    await this.orders.save(order);
    order.commit();
  }
}

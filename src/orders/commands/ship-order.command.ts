import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import type { Shipment } from '../model/order';
import { OrderRepository } from '../persistence/order.repository';

/** Hands an order to the carrier. */
export class ShipOrder {
  constructor(
    readonly orderId: string,
    readonly shipment: Shipment,
  ) {}
}

@CommandHandler(ShipOrder)
export class ShipOrderHandler implements ICommandHandler<ShipOrder> {
  constructor(private readonly orders: OrderRepository) {}

  async execute({ orderId, shipment }: ShipOrder): Promise<void> {
    const order = await this.orders.get(orderId);
    order.ship(shipment);
    await this.orders.save(order);
    order.commit();
  }
}

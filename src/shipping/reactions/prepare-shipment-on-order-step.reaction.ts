import { IEventHandler } from '@nestjs/cqrs';
import {
  OrderCancelled,
  OrderConfirmed,
  OrderDelivered,
  OrderReturned,
  OrderShipped,
} from '../../orders/orders.events';
import { envelopeOf } from '../../platform/event-log/envelope';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { Shipment } from '../model/shipment';
import { ShipmentRepository } from '../persistence/shipment.repository';

/**
 * A confirmed order is prepared to be sent, and its shipment follows it from there. It is one reaction, as those of one
 * order are in order, and several reactions are not. An order that was confirmed before there were shipments gets one
 * when it is shipped, so that its parcel can be followed as well.
 */
@Reaction([OrderConfirmed, OrderShipped, OrderDelivered, OrderCancelled, OrderReturned], 'shipping.prepare-shipment')
export class PrepareShipmentOnOrderStep implements IEventHandler<object> {
  constructor(private readonly shipments: ShipmentRepository) {}

  async handle(event: { readonly orderId: string }): Promise<void> {
    const { occurredAt } = envelopeOf(event);
    const shipment = (await this.shipments.find(event.orderId)) ?? prepared(event, occurredAt);
    if (!shipment) return;
    if (event instanceof OrderShipped) shipment.ship(event.carrier, event.trackingNumber, occurredAt);
    if (event instanceof OrderDelivered) shipment.deliver(occurredAt);
    if (event instanceof OrderCancelled) shipment.callOff(occurredAt);
    if (event instanceof OrderReturned) shipment.takeBack(occurredAt);
    await this.shipments.save(shipment);
    shipment.commit();
  }
}

/** @returns the shipment of an order that has none, if the event says where it goes to */
function prepared(event: object, at: string): Shipment | undefined {
  if (!(event instanceof OrderConfirmed || event instanceof OrderShipped)) return undefined;
  const { orderId, customer, shippingAddress } = event;
  const items = event.items.map(({ bookId, title, quantity }) => ({ bookId, title, quantity }));
  return Shipment.prepare({ orderId, recipient: customer.name, shippingAddress, items }, at);
}

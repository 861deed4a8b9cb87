import { IEventHandler } from '@nestjs/cqrs';
import { OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderShipped } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { Letter } from '../model/letter';
import {
  orderCancelledLetter,
  orderConfirmedLetter,
  orderDeliveredLetter,
  orderPlacedLetter,
  orderShippedLetter,
} from '../model/letters';
import { Recipient } from '../model/notification';
import { NotificationRepository } from '../persistence/notification.repository';
import { writeOnce } from './write-once';

/** Writes to the customer at every step that an order takes. */
@Reaction([OrderPlaced, OrderConfirmed, OrderShipped, OrderDelivered, OrderCancelled], 'notifications.write-letter')
export class WriteLetterOnOrderStep implements IEventHandler<object> {
  constructor(private readonly notifications: NotificationRepository) {}

  async handle(event: object): Promise<void> {
    if (event instanceof OrderPlaced) await this.write('order-placed', orderPlacedLetter(event), event);
    if (event instanceof OrderConfirmed) await this.write('order-confirmed', orderConfirmedLetter(event), event);
    if (event instanceof OrderShipped) await this.write('order-shipped', orderShippedLetter(event), event);
    if (event instanceof OrderDelivered) await this.write('order-delivered', orderDeliveredLetter(event), event);
    if (event instanceof OrderCancelled) await this.write('order-cancelled', orderCancelledLetter(event), event);
  }

  private write(kind: string, letter: Letter, event: { orderId: string; customer: Recipient }): Promise<void> {
    const { orderId, customer: recipient } = event;
    return writeOnce(this.notifications, event, { kind, letter, recipient, orderId });
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { PaymentReceived } from '../../payments/payments.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { OrderRepository } from '../persistence/order.repository';

/** An order that is paid in full is accepted. One that the shop has accepted itself, or that was cancelled, is left as it is. */
@Reaction(PaymentReceived, 'orders.confirm-paid')
export class ConfirmOnPaymentReceived implements IEventHandler<PaymentReceived> {
  constructor(private readonly orders: OrderRepository) {}

  async handle({ orderId, isPaidInFull }: PaymentReceived): Promise<void> {
    if (!isPaidInFull) return;
    const order = await this.orders.get(orderId);
    if (order.snapshot().status !== 'PENDING') return;
    order.confirm();
    await this.orders.save(order);
    order.commit();
  }
}

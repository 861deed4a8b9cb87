import { IEventHandler } from '@nestjs/cqrs';
import { OrderCancelled, OrderPlaced, OrderReturned } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { PaymentRepository } from '../persistence/payment.repository';

/**
 * An order is to be paid for until it is cancelled or returned; then what was paid goes back. It is one reaction, as
 * those of one order are in order, and two reactions are not. Orders of before there were payments can be paid, too.
 */
@Reaction([OrderPlaced, OrderCancelled, OrderReturned], 'payments.expect-payment', { from: 'beginning' })
export class ExpectPaymentOnOrderStep implements IEventHandler<object> {
  constructor(private readonly payments: PaymentRepository) {}

  async handle(event: OrderPlaced | OrderCancelled | OrderReturned): Promise<void> {
    const payment = await this.payments.of(event.orderId);
    payment.expect(event.total);
    if (!(event instanceof OrderPlaced)) payment.callOff();
    await this.payments.save(payment);
    payment.commit();
  }
}

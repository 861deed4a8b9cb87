import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { Money } from '../../kernel/money';
import { PaymentToldOtherwise } from '../model/payments.errors';
import { PaymentRepository } from '../persistence/payment.repository';

/** Takes note of money that the provider has for an order. To be told of it again changes nothing. */
export class RecordPayment {
  constructor(
    readonly payment: {
      readonly paymentId: string;
      readonly orderId: string;
      readonly amount: Money;
      /** Now, where the provider does not say it. */
      readonly receivedAt?: Date;
    },
  ) {}
}

@CommandHandler(RecordPayment)
export class RecordPaymentHandler implements ICommandHandler<RecordPayment> {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws PaymentToldOtherwise, Invalid, OrderNotHeardOf */
  async execute({ payment: { paymentId, orderId, amount, receivedAt } }: RecordPayment): Promise<void> {
    const known = await this.payments.entry('received', paymentId);
    if (known) {
      const { amount: before } = known;
      const isSame = before.amount === amount.amount && before.currency === amount.currency;
      if (known.orderId !== orderId || !isSame) throw new PaymentToldOtherwise(paymentId);
      return;
    }
    const payment = await this.payments.of(orderId);
    payment.receive({ paymentId, amount, receivedAt: (receivedAt ?? this.clock.now()).toISOString() });
    await this.payments.save(payment);
    payment.commit();
  }
}

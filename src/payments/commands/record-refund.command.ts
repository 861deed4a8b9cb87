import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Money } from '../../kernel/money';
import { PaymentRepository } from '../persistence/payment.repository';

/** Takes note of money that the provider has given back. To be told of it again changes nothing. */
export class RecordRefund {
  constructor(
    readonly orderId: string,
    readonly refundId: string,
    readonly amount: Money,
  ) {}
}

@CommandHandler(RecordRefund)
export class RecordRefundHandler implements ICommandHandler<RecordRefund> {
  constructor(private readonly payments: PaymentRepository) {}

  async execute({ orderId, refundId, amount }: RecordRefund): Promise<void> {
    if (await this.payments.entry('refunded', refundId)) return;
    const payment = await this.payments.of(orderId);
    payment.noteRefund({ refundId, amount });
    await this.payments.save(payment);
    payment.commit();
  }
}

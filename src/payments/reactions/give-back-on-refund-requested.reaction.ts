import { CommandBus, IEventHandler } from '@nestjs/cqrs';
import { envelopeOf } from '../../platform/event-log/envelope';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { RecordRefund } from '../commands/record-refund.command';
import { PaymentProvider } from '../outside/payment-provider';
import { RefundRequested } from '../payments.events';
import { PaymentRepository } from '../persistence/payment.repository';

/**
 * Has the provider give money back, asking at least once. Should the program end between that and noting it, the provider
 * is asked again with the same key, and gives nothing more. One refund does not wait for another that fails.
 */
@Reaction(RefundRequested, 'payments.give-back', { effects: 'external', onFailure: 'overtake' })
export class GiveBackOnRefundRequested implements IEventHandler<RefundRequested> {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly provider: PaymentProvider,
    private readonly commands: CommandBus,
  ) {}

  async handle(event: RefundRequested): Promise<void> {
    const { orderId, refundId, amount } = event;
    if (await this.payments.entry('refunded', refundId)) return;
    await this.provider.refund({ key: `${envelopeOf(event).id}/payments.give-back`, orderId, amount });
    await this.commands.execute(new RecordRefund(orderId, refundId, amount));
  }
}

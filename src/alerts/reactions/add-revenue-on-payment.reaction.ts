import { IEventHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { dayOf } from '../../kernel/day';
import { PaymentReceived, PaymentRefunded } from '../../payments/payments.events';
import { envelopeOf } from '../../platform/event-log/envelope';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { Evaluation } from '../commands/evaluation';
import { Figures } from '../persistence/figures';

/** Adds up what is paid on a day, less what goes back on it, and holds that against the rules. */
@Reaction([PaymentReceived, PaymentRefunded], 'alerts.add-revenue', { from: 'beginning' })
export class AddRevenueOnPayment implements IEventHandler<object> {
  constructor(
    private readonly figures: Figures,
    private readonly evaluation: Evaluation,
    private readonly clock: Clock,
  ) {}

  async handle(event: PaymentReceived | PaymentRefunded): Promise<void> {
    const { amount, currency } = event.amount;
    const paid = event instanceof PaymentReceived ? amount : -amount;
    await this.figures.addRevenue(dayOf(envelopeOf(event).occurredAt), currency, paid);
    const today = dayOf(this.clock.now().toISOString());
    await this.evaluation.of('revenue-per-day', () => this.figures.revenueOf([currency], today));
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { OrderPlaced } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { Evaluation } from '../commands/evaluation';
import { Figures } from '../persistence/figures';

/** Counts the orders of the last hour, whatever becomes of them, and holds their number against the rules. */
@Reaction(OrderPlaced, 'alerts.count-order')
export class CountOrderOnOrderPlaced implements IEventHandler<OrderPlaced> {
  constructor(
    private readonly figures: Figures,
    private readonly evaluation: Evaluation,
    private readonly clock: Clock,
  ) {}

  async handle({ placedAt }: OrderPlaced): Promise<void> {
    await this.figures.countOrder(new Date(placedAt));
    await this.evaluation.of('orders-per-hour', () => this.figures.ordersInHour(this.clock.now()));
  }
}

import { IEventHandler } from '@nestjs/cqrs';
import { OrderCancelled, OrderPlaced, OrderReturned } from '../../orders/orders.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { PointsAccountRepository } from '../persistence/points-account.repository';

/**
 * An order earns its customer points, which go back when it is cancelled or returned. It is one reaction, as those of one
 * order are in order, and two reactions are not.
 */
@Reaction([OrderPlaced, OrderCancelled, OrderReturned], 'loyalty.award-points')
export class AwardPointsOnOrderPlaced implements IEventHandler<object> {
  constructor(private readonly accounts: PointsAccountRepository) {}

  async handle(event: OrderPlaced | OrderCancelled | OrderReturned): Promise<void> {
    const { orderId, customer, total } = event;
    const account = await this.accounts.of(customer.email);
    if (event instanceof OrderPlaced) {
      account.award(orderId, total);
    } else {
      const awarded = await this.accounts.awardedFor(orderId);
      // An order of before there were points.
      if (awarded === undefined) return;
      account.revoke(orderId, awarded);
    }
    await this.accounts.save(account);
    account.commit();
  }
}

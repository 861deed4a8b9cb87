import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { SubscriptionRepository } from '../persistence/subscription.repository';

/** Takes somebody from the waiting list of a book, who may have left it already. */
export class LeaveWaitingList {
  constructor(
    readonly bookId: string,
    readonly subscriptionId: string,
  ) {}
}

@CommandHandler(LeaveWaitingList)
export class LeaveWaitingListHandler implements ICommandHandler<LeaveWaitingList> {
  constructor(private readonly subscriptions: SubscriptionRepository) {}

  /** @throws SubscriptionNotFound */
  async execute({ bookId, subscriptionId }: LeaveWaitingList): Promise<void> {
    const subscription = await this.subscriptions.get(bookId, subscriptionId);
    subscription.leave();
    await this.subscriptions.save(subscription);
    subscription.commit();
  }
}

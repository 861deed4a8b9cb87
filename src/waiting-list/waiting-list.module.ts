import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { JoinWaitingListHandler } from './commands/join-waiting-list.command';
import { LeaveWaitingListHandler } from './commands/leave-waiting-list.command';
import { AwaitedBookRepository } from './persistence/awaited-book.repository';
import { SubscriptionRepository, streamOf } from './persistence/subscription.repository';
import { WAITING_LIST_INVARIANTS } from './persistence/waiting-list.invariants';
import { CallWaitersOnBookStep } from './reactions/call-waiters-on-book-step.reaction';
import { EndWaitsOnWaitersCalled } from './reactions/end-waits-on-waiters-called.reaction';
import { WaitingListController } from './waiting-list.controller';
import * as waitingListEvents from './waiting-list.events';

@Module({
  controllers: [WaitingListController],
  providers: [
    publishes(waitingListEvents),
    explains('subscription', streamOf),
    WAITING_LIST_INVARIANTS,
    AwaitedBookRepository,
    SubscriptionRepository,
    // commands
    JoinWaitingListHandler,
    LeaveWaitingListHandler,
    // reactions
    CallWaitersOnBookStep,
    EndWaitsOnWaitersCalled,
  ],
})
export class WaitingListModule {}

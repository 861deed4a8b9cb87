import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import type { Wait } from '../model/subscription';
import { AwaitedBookRepository } from '../persistence/awaited-book.repository';
import { SubscriptionRepository } from '../persistence/subscription.repository';

/** Puts somebody on the waiting list of a book, once. Answers the subscription's id and what is waited for. */
export class JoinWaitingList extends Command<{ id: string; waitsFor: Wait['for'] }> {
  constructor(
    readonly bookId: string,
    readonly email: string,
  ) {
    super();
  }
}

@CommandHandler(JoinWaitingList)
export class JoinWaitingListHandler implements ICommandHandler<JoinWaitingList> {
  constructor(
    private readonly books: AwaitedBookRepository,
    private readonly subscriptions: SubscriptionRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws BookNotFound, NothingToWaitFor, WaitedInVain */
  async execute({ bookId, email }: JoinWaitingList): Promise<{ id: string; waitsFor: Wait['for'] }> {
    const book = await this.books.get(bookId);
    const wait = book.admit();
    await this.books.save(book);

    const subscription = await this.subscriptions.of(bookId, email);
    subscription.join({ ...wait, since: this.clock.now() }, book.snapshot().title);
    await this.subscriptions.save(subscription);
    subscription.commit();
    return { id: subscription.id, waitsFor: wait.for };
  }
}

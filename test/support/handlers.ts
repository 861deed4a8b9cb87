import { Provider } from '@nestjs/common';
import { Command, CommandHandler, ICommandHandler, IEventHandler } from '@nestjs/cqrs';
import { uuidv7 } from 'uuidv7';
import { Book } from '../../src/catalog/model/book';
import { EventClass } from '../../src/platform/event-log/event-types';
import { Reaction, ReactionOptions } from '../../src/platform/reactions/reaction.decorator';

/** A command whose handler does what the test says. */
export class Do<Answer = void> extends Command<Answer> {
  constructor(readonly work: () => Promise<Answer>) {
    super();
  }
}

@CommandHandler(Do)
export class DoHandler implements ICommandHandler<Do<unknown>> {
  execute({ work }: Do<unknown>): Promise<unknown> {
    return work();
  }
}

/** A reaction that does what the test says. */
export function reaction<Event extends object>(
  events: EventClass<Event> | readonly EventClass<Event>[],
  name: string,
  handle: (event: Event) => Promise<void>,
  options: ReactionOptions = {},
): Provider {
  class TestReaction implements IEventHandler<Event> {
    handle(event: Event): Promise<void> {
      return handle(event);
    }
  }
  Reaction(events, name, options)(TestReaction);
  return TestReaction;
}

/** A book that the catalog does not have yet. */
export const aBook = (title = 'Emma', isbn?: string): Book =>
  Book.add({
    id: uuidv7(),
    title,
    author: 'Jane Austen',
    isbn,
    price: { amount: 1299, currency: 'EUR' },
    addedAt: new Date(),
  });

/** The request body for such a book. */
export const bookRequest = (title = 'Emma', isbn?: string) => ({
  title,
  author: 'Jane Austen',
  isbn,
  price: { amount: 12.99, currency: 'EUR' },
});

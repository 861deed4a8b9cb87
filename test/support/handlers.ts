import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { uuidv7 } from 'uuidv7';
import { Book } from '../../src/catalog/model/book';
import { moneyFromDecimal } from '../../src/kernel/money';
import { gatsby } from './client';

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

/** A book that the catalog does not have yet, for a test that saves and commits it by itself. */
export const aBook = (title = 'Emma', isbn?: string): Book =>
  Book.add({
    id: uuidv7(),
    title,
    author: gatsby.author,
    isbn,
    price: moneyFromDecimal(gatsby.price.amount, gatsby.price.currency),
    addedAt: new Date(),
  });

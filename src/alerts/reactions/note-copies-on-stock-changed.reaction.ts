import { IEventHandler } from '@nestjs/cqrs';
import { BookWithdrawn } from '../../catalog/catalog.events';
import {
  StockAdjusted,
  StockOpened,
  StockReceived,
  StockReleased,
  StockReserved,
  StockReturned,
  StockShipped,
} from '../../inventory/inventory.events';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { Evaluation } from '../commands/evaluation';
import { Figures } from '../persistence/figures';

const CHANGES = [StockAdjusted, StockReceived, StockReserved, StockReleased, StockShipped, StockReturned];

/**
 * Keeps how many copies of each book can be bought, and holds that against the rules. Nobody is told of a book that is
 * not sold any more. Of books from before there were alerts it reads in the log.
 */
@Reaction([StockOpened, ...CHANGES, BookWithdrawn], 'alerts.note-copies', { from: 'beginning' })
export class NoteCopiesOnStockChanged implements IEventHandler<object> {
  constructor(
    private readonly figures: Figures,
    private readonly evaluation: Evaluation,
  ) {}

  async handle(event: { readonly bookId: string; readonly available: number } | BookWithdrawn): Promise<void> {
    const { bookId } = event;
    if (event instanceof BookWithdrawn) {
      await this.figures.noteWithdrawal(bookId);
      await this.evaluation.dismiss(bookId);
      return;
    }
    if (event instanceof StockOpened) await this.figures.noteBook(event);
    else this.figures.noteCopies(bookId, event.available);
    await this.evaluation.of('available-copies', () => this.figures.copiesOf(bookId));
  }
}

import type { CommandBus } from '@nestjs/cqrs';
import { AddBook } from '../../catalog/commands/add-book.command';
import { PublishBook } from '../../catalog/commands/publish-book.command';
import { RepriceBook } from '../../catalog/commands/reprice-book.command';
import { WithdrawBook } from '../../catalog/commands/withdraw-book.command';
import { AdjustStock } from '../../inventory/commands/adjust-stock.command';
import { ReceiveStock } from '../../inventory/commands/receive-stock.command';
import { OutOfStock } from '../../inventory/model/inventory.errors';
import { SystemClock } from '../../kernel/clock';
import { CancelOrder } from '../../orders/commands/cancel-order.command';
import { DeliverOrder } from '../../orders/commands/deliver-order.command';
import { PlaceOrder } from '../../orders/commands/place-order.command';
import { ReturnOrder } from '../../orders/commands/return-order.command';
import { ShipOrder } from '../../orders/commands/ship-order.command';
import { RecordPayment } from '../../payments/commands/record-payment.command';
import type { Progress } from '../../platform/reactions/progress';
import { newRequest, withinRequest } from '../../platform/unit-of-work/cause';
import type { Happening, Step } from './life';

/** A clock that stands where it was put, so that what follows from a step has its time, too. Waiting takes real time. */
export class StandingClock extends SystemClock {
  constructor(private time: Date) {
    super();
  }

  override now(): Date {
    return this.time;
  }

  putTo(time: Date): void {
    this.time = time;
  }
}

/** Reactions may take so long over what follows from a step, in milliseconds. */
const PATIENCE = 60_000;

type Doing = { readonly [Kind in Happening['kind']]: (step: Extract<Happening, { kind: Kind }>) => Promise<void> };

/**
 * Lives a life in a shop, step by step: each is a command like everybody's, at its time by the clock that the shop goes
 * by, and what follows from it has happened before the next one.
 */
export class Living {
  /** By their numbers in the life; those that were refused are missing. */
  readonly books = new Map<number, string>();
  readonly orders = new Map<number, string>();
  refused = 0;

  /** How each kind of step is done: a life that has another one needs one line here. */
  private readonly doing: Doing = {
    add: async ({ book, facts }) => void this.books.set(book, await this.commands.execute(new AddBook(facts))),
    publish: ({ book }) => this.commands.execute(new PublishBook(this.bookId(book))),
    reprice: ({ book, price }) => this.commands.execute(new RepriceBook(this.bookId(book), price)),
    withdraw: ({ book, reason }) => this.commands.execute(new WithdrawBook(this.bookId(book), reason)),
    receive: ({ book, amount }) => this.commands.execute(new ReceiveStock(this.bookId(book), amount)),
    adjust: ({ book, amount, reason }) => this.commands.execute(new AdjustStock(this.bookId(book), amount, reason)),
    order: (step) => this.order(step),
    pay: ({ order, paymentId, amount }) =>
      this.commands.execute(new RecordPayment({ paymentId, orderId: this.orderId(order), amount })),
    ship: ({ order, ...shipment }) => this.commands.execute(new ShipOrder(this.orderId(order), shipment)),
    deliver: ({ order }) => this.commands.execute(new DeliverOrder(this.orderId(order))),
    cancel: ({ order, reason }) => this.commands.execute(new CancelOrder(this.orderId(order), reason)),
    return: ({ order, reason }) => this.commands.execute(new ReturnOrder(this.orderId(order), reason)),
  };

  constructor(
    private readonly commands: CommandBus,
    private readonly progress: Progress,
    private readonly clock: StandingClock,
  ) {}

  /** @throws Error when the shop does not do what the life expects of it, or does not come to its end with it */
  async step(step: Step): Promise<void> {
    this.clock.putTo(step.at);
    const done = this.doing[step.kind] as (step: Step) => Promise<void>;
    await withinRequest(newRequest('seed'), () => done(step));
    await this.progress.settle(PATIENCE);
  }

  private async order(step: Extract<Happening, { kind: 'order' }>): Promise<void> {
    const { order, customer, shippingAddress, total, isRefused } = step;
    const items = step.lines.map(({ book, quantity }) => ({ bookId: this.bookId(book), quantity }));
    const wish = { customer, shippingAddress, items, expectedTotal: total };
    try {
      this.orders.set(order, await this.commands.execute(new PlaceOrder(wish)));
    } catch (error) {
      if (!isRefused || !(error instanceof OutOfStock)) throw error;
      this.refused++;
      return;
    }
    if (isRefused) throw new Error(`order ${order} was to be refused, as there are not enough copies`);
  }

  private bookId(book: number): string {
    return this.books.get(book)!;
  }

  private orderId(order: number): string {
    return this.orders.get(order)!;
  }
}

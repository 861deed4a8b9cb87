import { AggregateRoot } from '@nestjs/cqrs';
import { Invalid } from '../../kernel/domain-error';
import { text } from '../../kernel/text';
import {
  StockAdjusted,
  StockOpened,
  StockRanLow,
  StockRanOut,
  StockReceived,
  StockReleased,
  StockReplenished,
  StockReserved,
  StockReturned,
  StockShipped,
} from '../inventory.events';
import { OutOfStock, StockAboveLimit, StockBelowReserved, StockNotReserved } from './inventory.errors';

/** With this many copies for sale, or fewer, a book runs low. */
export const LOW_STOCK = 3;

/** The most copies of one book that the shop can count. */
export const MOST_COPIES = 1_000_000_000;

/** The stock of a book as it is stored. */
export interface InventoryState {
  readonly bookId: string;
  readonly title: string;
  readonly quantity: number;
  readonly reserved: number;
}

/** One line of the ledger: by how much the stock changed, and why. The sums of the lines are the stock. */
export interface Movement {
  readonly kind: 'opened' | 'adjusted' | 'received' | 'reserved' | 'released' | 'shipped' | 'returned';
  readonly quantity: number;
  readonly reserved: number;
  readonly cause: { readonly orderId?: string; readonly reason?: string };
}

/** The copies of one book: how many there are, and how many of these are set aside for orders. */
export class Inventory extends AggregateRoot {
  readonly id: string;
  private readonly made: Movement[] = [];

  private constructor(private state: InventoryState) {
    super();
    this.id = state.bookId;
  }

  /** Begins to keep stock of a book. */
  static open({ bookId, title, quantity }: Omit<InventoryState, 'reserved'>): Inventory {
    mustBeCopies(quantity, 'quantity', 0);
    const inventory = new Inventory({ bookId, title, quantity: 0, reserved: 0 });
    inventory.move(
      { kind: 'opened', quantity, reserved: 0, cause: {} },
      (stock) => new StockOpened({ title, ...stock }),
    );
    return inventory;
  }

  static restore(state: InventoryState): Inventory {
    return new Inventory(state);
  }

  /** How many copies are for sale. Never negative. */
  get available(): number {
    return this.state.quantity - this.state.reserved;
  }

  /** The lines of the ledger that were written since the stock was loaded. Earlier ones are never loaded. */
  get movements(): readonly Movement[] {
    return this.made;
  }

  /** Corrects the stock after a count, a loss or a find. */
  adjust(amount: number, reason: string): void {
    if (amount === 0) throw new Invalid('copies-not-countable', 'amount', 'must not be 0');
    mustBeCopies(Math.abs(amount), 'amount');
    const why = text(reason, 'reason', 500);
    const { quantity, reserved } = this.state;
    if (quantity + amount < reserved) throw new StockBelowReserved(this.id, amount, quantity, reserved);
    this.move(
      { kind: 'adjusted', quantity: amount, reserved: 0, cause: { reason: why } },
      (stock) => new StockAdjusted({ amount, reason: why, ...stock }),
    );
  }

  /** Takes in copies from the supplier. */
  receive(amount: number): void {
    mustBeCopies(amount, 'amount');
    this.move(
      { kind: 'received', quantity: amount, reserved: 0, cause: {} },
      (stock) => new StockReceived({ amount, ...stock }),
    );
  }

  /** Whether so many copies are for sale. */
  canReserve(count: number): boolean {
    return count <= this.available;
  }

  /** Sets copies aside for an order. */
  reserve(orderId: string, count: number): void {
    mustBeCopies(count, 'count');
    const { available } = this;
    if (!this.canReserve(count)) {
      throw new OutOfStock([{ bookId: this.id, title: this.state.title, wanted: count, available }]);
    }
    this.move(
      { kind: 'reserved', quantity: 0, reserved: count, cause: { orderId } },
      ({ bookId, available }) => new StockReserved({ bookId, orderId, count, available }),
    );
  }

  /** Gives up copies that were set aside for an order. */
  release(orderId: string, count: number): void {
    this.refuseUnlessReserved('released', count);
    this.move(
      { kind: 'released', quantity: 0, reserved: -count, cause: { orderId } },
      ({ bookId, available }) => new StockReleased({ bookId, orderId, count, available }),
    );
  }

  /** Lets copies that were set aside for an order leave the shelf. */
  ship(orderId: string, count: number): void {
    this.refuseUnlessReserved('shipped', count);
    this.move(
      { kind: 'shipped', quantity: -count, reserved: -count, cause: { orderId } },
      (stock) => new StockShipped({ orderId, count, ...stock }),
    );
  }

  /** Puts the copies of a returned order back on the shelf. */
  takeBack(orderId: string, count: number): void {
    mustBeCopies(count, 'count');
    this.move(
      { kind: 'returned', quantity: count, reserved: 0, cause: { orderId } },
      (stock) => new StockReturned({ orderId, count, ...stock }),
    );
  }

  snapshot(): InventoryState {
    return this.state;
  }

  private refuseUnlessReserved(wanted: string, count: number): void {
    mustBeCopies(count, 'count');
    if (count > this.state.reserved) throw new StockNotReserved(this.id, wanted, count, this.state.reserved);
  }

  /** The only place where the stock changes: the ledger, the state and the events cannot fall apart. */
  private move(movement: Movement, eventOf: (stock: Stock) => object): void {
    const { bookId, title } = this.state;
    const before = this.available;
    const quantity = this.state.quantity + movement.quantity;
    const reserved = this.state.reserved + movement.reserved;
    if (quantity > MOST_COPIES) {
      throw new StockAboveLimit(bookId, movement.quantity, this.state.quantity, MOST_COPIES);
    }

    this.state = { bookId, title, quantity, reserved };
    this.made.push(movement);

    const { available } = this;
    this.apply(eventOf({ bookId, quantity, reserved, available }));
    if (before > LOW_STOCK && available <= LOW_STOCK) this.apply(new StockRanLow({ bookId, title, available }));
    if (before > 0 && available === 0) this.apply(new StockRanOut({ bookId, title }));
    if (before === 0 && available > 0) this.apply(new StockReplenished({ bookId, title, available }));
  }
}

interface Stock {
  readonly bookId: string;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;
}

function mustBeCopies(count: number, path: string, least = 1): void {
  if (!Number.isInteger(count) || count < least || count > MOST_COPIES) {
    throw new Invalid('copies-not-countable', path, `must be a whole number from ${least} to ${MOST_COPIES}`);
  }
}

import { NotFound, Refused } from '../../kernel/domain-error';

/** The shop keeps no stock of this book. */
export class InventoryNotFound extends NotFound {
  constructor(bookId: string) {
    super('inventory-not-found', `there is no stock of book ${bookId}`, { bookId });
  }
}

/** A book of which more copies are wanted than are for sale. */
export interface Shortage {
  readonly bookId: string;
  readonly title: string;
  readonly wanted: number;
  readonly available: number;
}

/** There are not enough copies for sale. Names every book that falls short, not only the first. */
export class OutOfStock extends Refused {
  constructor(books: readonly Shortage[]) {
    const named = books.map(({ title, wanted, available }) => `"${title}" (${wanted} wanted, ${available} available)`);
    super('out-of-stock', `not enough copies of ${named.join(', ')}`, { books });
  }
}

/** A correction would take away copies that are set aside for orders, or that were never there. */
export class StockBelowReserved extends Refused {
  constructor(bookId: string, amount: number, quantity: number, reserved: number) {
    super(
      'stock-below-reserved',
      `stock of book ${bookId} cannot be adjusted by ${amount}: there are ${quantity} copies, ${reserved} of them reserved`,
      { bookId, amount, quantity, reserved },
    );
  }
}

/** More copies than the shop can count. */
export class StockAboveLimit extends Refused {
  constructor(bookId: string, amount: number, quantity: number, limit: number) {
    super(
      'stock-above-limit',
      `stock of book ${bookId} cannot rise by ${amount} above ${limit} copies: it is ${quantity}`,
      { bookId, amount, quantity, limit },
    );
  }
}

/** More copies are to be released or shipped than are set aside. */
export class StockNotReserved extends Refused {
  /** @param wanted a participle: "shipped" */
  constructor(bookId: string, wanted: string, count: number, reserved: number) {
    super('stock-not-reserved', `${count} copies of book ${bookId} cannot be ${wanted}: ${reserved} are reserved`, {
      bookId,
      wanted,
      count,
      reserved,
    });
  }
}

/** The shop keeps stock of a book from now on. */
export class StockOpened {
  static readonly type = 'inventory.stock-opened';
  readonly bookId: string;
  readonly title: string;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;

  constructor(facts: StockOpened) {
    Object.assign(this, facts);
  }
}

/** The stock has been corrected, up or down. */
export class StockAdjusted {
  static readonly type = 'inventory.stock-adjusted';
  readonly bookId: string;
  readonly amount: number;
  readonly reason: string;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;

  constructor(facts: StockAdjusted) {
    Object.assign(this, facts);
  }
}

/** Copies have come in from the supplier. */
export class StockReceived {
  static readonly type = 'inventory.stock-received';
  readonly bookId: string;
  readonly amount: number;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;

  constructor(facts: StockReceived) {
    Object.assign(this, facts);
  }
}

/** Copies are set aside for an order. */
export class StockReserved {
  static readonly type = 'inventory.stock-reserved';
  readonly bookId: string;
  readonly orderId: string;
  readonly count: number;
  readonly available: number;

  constructor(facts: StockReserved) {
    Object.assign(this, facts);
  }
}

/** Copies that were set aside for an order are for sale again. */
export class StockReleased {
  static readonly type = 'inventory.stock-released';
  readonly bookId: string;
  readonly orderId: string;
  readonly count: number;
  readonly available: number;

  constructor(facts: StockReleased) {
    Object.assign(this, facts);
  }
}

/** Copies that were set aside for an order have left the shelf. */
export class StockShipped {
  static readonly type = 'inventory.stock-shipped';
  readonly bookId: string;
  readonly orderId: string;
  readonly count: number;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;

  constructor(facts: StockShipped) {
    Object.assign(this, facts);
  }
}

/** Copies of a returned order are back on the shelf. */
export class StockReturned {
  static readonly type = 'inventory.stock-returned';
  readonly bookId: string;
  readonly orderId: string;
  readonly count: number;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;

  constructor(facts: StockReturned) {
    Object.assign(this, facts);
  }
}

/** Only a few copies of a book are left for sale, and there were more before. */
export class StockRanLow {
  static readonly type = 'inventory.stock-ran-low';
  readonly bookId: string;
  readonly title: string;
  readonly available: number;

  constructor(facts: StockRanLow) {
    Object.assign(this, facts);
  }
}

/** The last copy of a book that was for sale is gone. */
export class StockRanOut {
  static readonly type = 'inventory.stock-ran-out';
  readonly bookId: string;
  readonly title: string;

  constructor(facts: StockRanOut) {
    Object.assign(this, facts);
  }
}

/** A book of which no copy was for sale can be bought again, or for the first time. */
export class StockReplenished {
  static readonly type = 'inventory.stock-replenished';
  readonly bookId: string;
  readonly title: string;
  readonly available: number;

  constructor(facts: StockReplenished) {
    Object.assign(this, facts);
  }
}

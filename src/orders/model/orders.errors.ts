import { NotFound, Refused } from '../../kernel/domain-error';

/** No order has this id. */
export class OrderNotFound extends NotFound {
  constructor(orderId: string) {
    super('order-not-found', `there is no order ${orderId}`, { orderId });
  }
}

/** What is wanted of the order is not possible in its present state. */
export class OrderStateForbids extends Refused {
  /** @param wanted the state that the order should have moved to, which reads as a participle: "SHIPPED" */
  constructor(orderId: string, wanted: string, status: string) {
    super('order-state-forbids', `order ${orderId} cannot be ${wanted.toLowerCase()}: it is ${status}`, {
      status,
      wanted,
    });
  }
}

/** The price list does not know these books, or they have been withdrawn. */
export class BookNotForSale extends Refused {
  constructor(bookIds: readonly string[]) {
    super('book-not-for-sale', `not for sale: ${bookIds.map((id) => `book ${id}`).join(', ')}`, { bookIds });
  }
}

/** The books of one order have prices in several currencies, which have no total. */
export class MixedCurrencies extends Refused {
  constructor(currencies: readonly string[]) {
    super('mixed-currencies', `an order has one currency, but its books are priced in ${currencies.join(' and ')}`, {
      currencies,
    });
  }
}

import { NotFound, Refused } from '../../kernel/domain-error';
import { Money, moneyToDecimal } from '../../kernel/money';
import type { OrderItem } from '../orders.events';

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

/** How many characters of titles a refusal has room for: one of a hundred lines has to fit into an answer as well. */
const ROOM_FOR_TITLES = 1500;

/** The order costs something else than its customer has been shown. Says what it costs now, line by line. */
export class PriceChanged extends Refused {
  /**
   * @param total what the order costs now
   * @param items its lines as they are now, in the order in which they were asked for
   */
  constructor(expected: Money, total: Money, items: readonly OrderItem[]) {
    const room = Math.floor(ROOM_FOR_TITLES / items.length);
    super('price-changed', `the order costs ${written(total)} now, and not ${written(expected)}`, {
      total: moneyToDecimal(total),
      items: items.map(({ title, quantity, unitPrice }) => ({
        title: shortened(title, room),
        quantity,
        unitPrice: moneyToDecimal(unitPrice),
      })),
    });
  }
}

const written = (money: Money): string => {
  const { amount, currency } = moneyToDecimal(money);
  return `${amount} ${currency}`;
};

const shortened = (title: string, longest: number): string => {
  const characters = [...title];
  return characters.length <= longest ? title : `${characters.slice(0, longest - 1).join('')}…`;
};

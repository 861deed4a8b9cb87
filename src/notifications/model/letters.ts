import { Money, decimalsOf, moneyToDecimal } from '../../kernel/money';

/** What a letter says. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
}

/** What a letter about an order has to know. */
export interface OrderFacts {
  readonly orderId: string;
  readonly customer: { readonly name: string };
  readonly items: readonly {
    readonly title: string;
    readonly quantity: number;
    readonly unitPrice: Money;
  }[];
  readonly total: Money;
}

/** Thanks the customer for the order. */
export const orderPlacedLetter = (order: OrderFacts): Letter =>
  letter(order, 'Thank you for your order', 'Thank you for your order. We will tell you as soon as it is confirmed.');

/** Tells that the shop has accepted the order. */
export const orderConfirmedLetter = (order: OrderFacts): Letter =>
  letter(order, 'We have confirmed your order', 'Your order is confirmed, and we are packing your books.');

/** Tells who carries the parcel, and how to follow it. */
export const orderShippedLetter = (order: OrderFacts & { carrier: string; trackingNumber: string }): Letter =>
  letter(
    order,
    'Your order is on its way',
    `Your books are on their way with ${order.carrier}. Your tracking number is ${order.trackingNumber}.`,
  );

/** Tells that the parcel has arrived. */
export const orderDeliveredLetter = (order: OrderFacts): Letter =>
  letter(order, 'Your order has arrived', 'Your books have arrived. Enjoy reading!');

/** Tells that the order is called off, and why. */
export const orderCancelledLetter = (order: OrderFacts & { reason: string }): Letter =>
  letter(order, 'Your order is cancelled', `Your order is cancelled. The reason: ${order.reason}`);

/** Makes one line of a text, so that a subject cannot smuggle in another mail header. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

function letter({ orderId, customer, items, total }: OrderFacts, subject: string, message: string): Letter {
  const books = items.map(
    ({ quantity, title, unitPrice }) => `  ${quantity} x ${oneLine(title)} at ${price(unitPrice)}`,
  );
  return {
    subject: oneLine(`${subject} (${orderId})`),
    text: [
      `Dear ${oneLine(customer.name)},`,
      '',
      message,
      '',
      `Order ${orderId}`,
      ...books,
      `  Total: ${price(total)}`,
      '',
      'Your bookshelf',
      '',
    ].join('\n'),
  };
}

const price = (money: Money): string =>
  `${moneyToDecimal(money).amount.toFixed(decimalsOf(money.currency))} ${money.currency}`;

import { Money, decimalsOf, moneyToDecimal } from '../../kernel/money';
import { Letter, letter } from './letter';

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
  aboutOrder(
    order,
    'Thank you for your order',
    'Thank you for your order. We will tell you as soon as it is confirmed.',
  );

/** Tells that the shop has accepted the order. */
export const orderConfirmedLetter = (order: OrderFacts): Letter =>
  aboutOrder(order, 'We have confirmed your order', 'Your order is confirmed, and we are packing your books.');

/** Tells who carries the parcel, and how to follow it. */
export const orderShippedLetter = (order: OrderFacts & { carrier: string; trackingNumber: string }): Letter =>
  aboutOrder(
    order,
    'Your order is on its way',
    `Your books are on their way with ${order.carrier}. Your tracking number is ${order.trackingNumber}.`,
  );

/** Tells that the parcel has arrived. */
export const orderDeliveredLetter = (order: OrderFacts): Letter =>
  aboutOrder(order, 'Your order has arrived', 'Your books have arrived. Enjoy reading!');

/** Tells that the order is called off, and why. */
export const orderCancelledLetter = (order: OrderFacts & { reason: string }): Letter =>
  aboutOrder(order, 'Your order is cancelled', `Your order is cancelled. The reason: ${order.reason}`);

/** Tells somebody who has waited for a book that it has come out. */
export const bookIsOutLetter = ({ title }: { readonly title: string }): Letter =>
  letter({
    subject: `${title} is out`,
    message: `${title}, which you asked us to tell you about, has been published. You do not hear of it again.`,
  });

/** Tells somebody who has waited for a book that there are copies of it. */
export const bookIsBackLetter = ({ title }: { readonly title: string }): Letter =>
  letter({
    subject: `${title} is in stock again`,
    message:
      `${title}, which you asked us to tell you about, is in stock again. ` +
      'You do not hear of it again, unless it is sold out and you join its waiting list once more.',
  });

const aboutOrder = ({ orderId, customer, items, total }: OrderFacts, subject: string, message: string): Letter =>
  letter({
    subject: `${subject} (${orderId})`,
    name: customer.name,
    message,
    details: {
      heading: `Order ${orderId}`,
      lines: [
        ...items.map(({ quantity, title, unitPrice }) => `${quantity} x ${title} at ${price(unitPrice)}`),
        `Total: ${price(total)}`,
      ],
    },
  });

/** Money as people read it: 12.90 USD. */
export const price = (money: Money): string =>
  `${moneyToDecimal(money).amount.toFixed(decimalsOf(money.currency))} ${money.currency}`;

import * as fc from 'fast-check';
import {
  bookIsBackLetter,
  bookIsOutLetter,
  orderCancelledLetter,
  orderConfirmedLetter,
  orderDeliveredLetter,
  orderPlacedLetter,
  orderShippedLetter,
} from './letters';

const order = {
  orderId: '42',
  customer: { name: 'Alice Johnson' },
  items: [
    { title: 'The Great Gatsby', quantity: 2, unitPrice: { amount: 1299, currency: 'USD' } },
    { title: 'Emma', quantity: 1, unitPrice: { amount: 850, currency: 'USD' } },
  ],
  total: { amount: 3448, currency: 'USD' },
};
const shipped = { ...order, carrier: 'DHL', trackingNumber: 'JD0146' };
const cancelled = { ...order, reason: 'changed my mind' };

describe('A letter about an order', () => {
  it('reads like this', () => {
    expect(orderShippedLetter(shipped)).toMatchObject({
      subject: 'Your order is on its way (42)',
      text: `Dear Alice Johnson,

Your books are on their way with DHL. Your tracking number is JD0146.

Order 42
  2 x The Great Gatsby at 12.99 USD
  1 x Emma at 8.50 USD
  Total: 34.48 USD

Your bookshelf
`,
    });
  });

  it.each([
    [orderPlacedLetter(order), 'Thank you for your order (42)', 'Thank you for your order.'],
    [orderConfirmedLetter(order), 'We have confirmed your order (42)', 'Your order is confirmed'],
    [orderDeliveredLetter(order), 'Your order has arrived (42)', 'Your books have arrived.'],
    [orderCancelledLetter(cancelled), 'Your order is cancelled (42)', 'The reason: changed my mind'],
  ])('tells its news: %j', (letter, subject, news) => {
    expect(letter.subject).toBe(subject);
    for (const said of ['Alice Johnson', news, 'Order 42', '2 x The Great Gatsby at 12.99 USD', 'Total: 34.48 USD']) {
      expect(letter.text).toContain(said);
      expect(letter.html).toContain(said);
    }
  });

  it('has the decimals of its currency', () => {
    const total = { amount: 1200, currency: 'JPY' };
    expect(orderPlacedLetter({ ...order, total }).text).toContain('Total: 1200 JPY');
  });

  it('has a subject of one line, whatever goes into it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r', '\r\n', '\u2028'), (word, lineBreak) => {
        const { subject } = orderPlacedLetter({ ...order, orderId: `${word}${lineBreak}Bcc: eve@example.com` });
        expect(subject).not.toMatch(/[\r\n\u2028\u2029]/);
      }),
    );
  });
});

describe('A letter about a book that was waited for', () => {
  it.each([
    [bookIsOutLetter, 'Emma is out', 'Emma, which you asked us to tell you about, has been published.'],
    [bookIsBackLetter, 'Emma is in stock again', 'Emma, which you asked us to tell you about, is in stock again.'],
  ])('tells its news: %p', (write, subject, news) => {
    const letter = write({ title: 'Emma' });
    expect(letter.subject).toBe(subject);
    for (const said of ['Hello,', news]) {
      expect(letter.text).toContain(said);
      expect(letter.html).toContain(said);
    }
  });
});

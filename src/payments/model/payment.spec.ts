import * as fc from 'fast-check';
import { PaymentReceived, PaymentRefunded, RefundRequested } from '../payments.events';
import { MOST_EARLY, Payment, Receipt } from './payment';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const due = usd(2598);
const at = '2026-01-05T10:00:00.000Z';
const receipt = (paymentId: string, amount: number, currency = 'USD'): Receipt => ({
  paymentId,
  amount: { amount, currency },
  receivedAt: at,
});

/** What an order of 25.98 USD is paid with, and nothing has come. */
function expected(): Payment {
  const payment = Payment.for('42');
  payment.expect(due);
  return payment;
}
const told = (payment: Payment) => payment.getUncommittedEvents();
const received = (paymentId: string, amount: number, paid: number, isPaidInFull: boolean, currency = 'USD') =>
  new PaymentReceived({
    orderId: '42',
    paymentId,
    amount: { amount, currency },
    due,
    paid: usd(paid),
    isPaidInFull,
    receivedAt: at,
  });
const asked = (refundId: string, amount: number, reason: RefundRequested['reason'], currency = 'USD') =>
  new RefundRequested({ orderId: '42', refundId, amount: { amount, currency }, reason });

describe('What is paid for an order', () => {
  it('is all that is due, at once', () => {
    const payment = expected();
    payment.receive(receipt('p1', 2598));
    expect(told(payment)).toEqual([received('p1', 2598, 2598, true)]);
    expect(payment.entries).toEqual([{ kind: 'received', reference: 'p1', amount: due }]);
  });

  it('may come in parts, which add up', () => {
    const payment = expected();
    payment.receive(receipt('p1', 1000));
    payment.receive(receipt('p2', 1598));
    expect(told(payment)).toEqual([received('p1', 1000, 1000, false), received('p2', 1598, 2598, true)]);
  });

  it('goes back as far as it is too much', () => {
    const payment = expected();
    payment.receive(receipt('p1', 2600));
    payment.receive(receipt('p2', 5));
    expect(told(payment)).toEqual([
      received('p1', 2600, 2600, true),
      asked('payment/p1', 2, 'overpaid'),
      received('p2', 5, 2605, true),
      asked('payment/p2', 5, 'overpaid'),
    ]);
  });

  it('goes back as it came when it is of another currency', () => {
    const payment = expected();
    payment.receive(receipt('p1', 2598, 'EUR'));
    expect(told(payment)).toEqual([
      received('p1', 2598, 0, false, 'EUR'),
      asked('payment/p1', 2598, 'other-currency', 'EUR'),
    ]);
    payment.noteRefund({ refundId: 'payment/p1', amount: { amount: 2598, currency: 'EUR' } });
    expect(payment.snapshot()).toMatchObject({ paid: 0, refunding: 0, refunded: 0 });
  });

  it('is never nothing', () => {
    const payment = expected();
    expect(() => payment.receive(receipt('p1', 0))).toThrow('amount.amount must be more than nothing');
    expect(payment.entries).toEqual([]);
  });

  it('waits for the order when it comes first', () => {
    const payment = Payment.for('42');
    payment.receive(receipt('p1', 1000));
    payment.receive(receipt('p2', 2000));
    expect(told(payment)).toEqual([]);
    expect(payment.entries).toHaveLength(2);
    payment.expect(due);
    expect(told(payment)).toEqual([
      received('p1', 1000, 1000, false),
      received('p2', 2000, 3000, true),
      asked('payment/p2', 402, 'overpaid'),
    ]);
    expect(payment.snapshot().early).toEqual([]);
    payment.expect(due);
    expect(told(payment)).toHaveLength(3);
  });

  it('does not wait in any number for an order that nobody has heard of', () => {
    const payment = Payment.for('42');
    for (let at = 0; at < MOST_EARLY; at++) payment.receive(receipt(`p${at}`, 1));
    expect(() => payment.receive(receipt('more', 1))).toThrow('there is no order 42 yet');
  });

  it('goes back when the order is called off, once', () => {
    const payment = expected();
    payment.receive(receipt('p1', 1000));
    payment.callOff();
    payment.callOff();
    expect(told(payment)).toEqual([received('p1', 1000, 1000, false), asked('order/42', 1000, 'called-off')]);
    payment.noteRefund({ refundId: 'order/42', amount: usd(1000) });
    expect(told(payment).at(-1)).toEqual(
      new PaymentRefunded({ orderId: '42', refundId: 'order/42', amount: usd(1000) }),
    );
    expect(payment.entries.at(-1)).toEqual({ kind: 'refunded', reference: 'order/42', amount: usd(1000) });
  });

  it('goes back when it comes for an order that is called off', () => {
    const payment = expected();
    payment.callOff();
    payment.receive(receipt('p1', 2598));
    expect(told(payment)).toEqual([received('p1', 2598, 2598, false), asked('payment/p1', 2598, 'called-off')]);
  });

  it('and not given back is never more than is due, whatever comes in whatever order', () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 4000 }).map((amount) => ({ amount })),
      fc.constantFrom('heard' as const, 'called off' as const, 'given back' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const payment = Payment.for('42');
        const refunds = () => told(payment).filter((event) => event instanceof RefundRequested);
        let [came, done] = [0, 0];
        steps.forEach((one, at) => {
          if (typeof one === 'object') {
            payment.receive(receipt(`p${at}`, one.amount));
            came += one.amount;
          } else if (one === 'heard') payment.expect(due);
          else if (one === 'called off') payment.callOff();
          else if (done < refunds().length) payment.noteRefund(refunds()[done++]);

          const { due: known, paid, refunding, refunded, isCalledOff } = payment.snapshot();
          const goesBack = refunds().reduce((sum, { amount }) => sum + amount.amount, 0);
          expect(paid).toBe(known ? came : 0);
          expect(refunding + refunded).toBe(goesBack);
          expect(paid - goesBack).toBe(isCalledOff ? 0 : Math.min(paid, known?.amount ?? 0));
        });
        expect(new Set(refunds().map(({ refundId }) => refundId)).size).toBe(refunds().length);
      }),
    );
  });
});

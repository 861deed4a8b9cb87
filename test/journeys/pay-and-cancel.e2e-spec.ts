import { Bookshelf, ManualClock, SECRET } from '../support/bookshelf';
import { Client, nobody, problemOf } from '../support/client';
import { booksOf, letCallsFail, notice, pay, signed, tell } from '../support/payments';
import { deadLettersOf } from '../support/trade';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const minor = (amount: number) => ({ amount, currency: 'USD' });

describe('Paying for an order, and getting the money back', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start({ environment: { INITIAL_STOCK: '1000' } });
    client = new Client(shop);
    bookId = await client.addBook();
  });
  afterAll(() => shop.close());
  afterEach(async () => {
    await shop.settle();
    expect((await client.see('/dead-letters')).items).toEqual([]);
  });

  /** An order of two copies, which costs 25.98 USD. */
  const order = (): Promise<string> => client.order({ [bookId]: 2 });

  const statusOf = async (orderId: string): Promise<string> => {
    await shop.settle();
    return (await client.see(`/orders/${orderId}`)).status;
  };

  /** What the shop says of the payment of an order. */
  async function paymentOf(orderId: string) {
    await shop.settle();
    const { due, paid, refunded, items } = await client.see(`/payments/${orderId}`);
    const ledger = items.map(({ kind, amount }: Line) => [kind, amount.amount, amount.currency]);
    return { due: due?.amount, paid: paid?.amount, refunded: refunded?.amount, ledger };
  }

  /** What the provider says it has given back for an order. */
  const givenBack = (orderId: string, of = shop) =>
    booksOf(of)
      .filter((line) => line.orderId === orderId)
      .map(({ amount }) => amount);

  /** How often an order was told to be confirmed. */
  const confirmations = async (orderId: string): Promise<number> => {
    const { items } = await client.see(`/events?stream=orders.order/${orderId}&type=orders.order-confirmed`);
    return items.length;
  };

  it('an order that is paid in full is confirmed, and nobody has told orders to', async () => {
    const orderId = await order();
    expect(await paymentOf(orderId)).toEqual({ due: 25.98, paid: 0, refunded: 0, ledger: [] });
    await pay(client, orderId, 25.98);
    expect(await statusOf(orderId)).toBe('CONFIRMED');
    expect(await paymentOf(orderId)).toEqual({
      due: 25.98,
      paid: 25.98,
      refunded: 0,
      ledger: [['received', 25.98, 'USD']],
    });
  });

  it('whoever passes on the position of the payment reads an order that is confirmed', async () => {
    const orderId = await order();
    await pay(client, orderId, 25.98);
    await client.see(`/payments/${orderId}`);
    const { items } = await client.see(`/events?stream=payments.payment/${orderId}`);
    expect(items).toMatchObject([
      {
        type: 'payments.payment-received',
        facts: { orderId, amount: minor(2598), due: minor(2598), paid: minor(2598), isPaidInFull: true },
      },
    ]);
    expect((await client.see(`/orders/${orderId}`)).status).toBe('CONFIRMED');
  });

  it('it may be paid in parts, and is confirmed with the last of them', async () => {
    const orderId = await order();
    await pay(client, orderId, 10);
    expect(await statusOf(orderId)).toBe('PENDING');
    await pay(client, orderId, 15.98, { receivedAt: '2026-01-05T10:00:00+01:00' });
    expect(await statusOf(orderId)).toBe('CONFIRMED');
    expect((await paymentOf(orderId)).paid).toBe(25.98);
    const { items } = await client.see(`/events?stream=payments.payment/${orderId}`);
    expect(items.at(-1).facts.receivedAt).toBe('2026-01-05T09:00:00.000Z');
  });

  it('the ledger comes in pages', async () => {
    const orderId = await order();
    for (const amount of [1, 2, 3]) await pay(client, orderId, amount);
    const first = await client.see(`/payments/${orderId}?limit=2`);
    const second = await client.see(`/payments/${orderId}?limit=2&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ amount }: Line) => amount.amount)).toEqual([1, 2, 3]);
    expect([first.paid, second.paid, second.next]).toEqual([usd(6), usd(6), undefined]);
    expect(first.items[0]).toEqual({
      id: expect.any(String),
      kind: 'received',
      reference: expect.stringMatching(/^pay_/),
      amount: usd(1),
      madeAt: expect.stringMatching(/Z$/),
    });
  });

  it('a payment that is told of again has one effect, one after another and all at once', async () => {
    const orderId = await order();
    const message = notice(orderId, 25.98);
    expect((await tell(client, message)).status).toBe(202);
    await shop.settle();
    const answers = await Promise.all(Array.from({ length: 5 }, () => tell(client, message)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(202));
    const other = notice(orderId, 1);
    await Promise.all(Array.from({ length: 5 }, () => tell(client, other)));
    expect(await paymentOf(orderId)).toMatchObject({
      paid: 26.98,
      refunded: 1,
      ledger: [
        ['received', 25.98, 'USD'],
        ['received', 1, 'USD'],
        ['refunded', 1, 'USD'],
      ],
    });
    expect(await confirmations(orderId)).toBe(1);
  });

  it('a payment that is told of in another way is refused, and changes nothing', async () => {
    const [orderId, another] = [await order(), await order()];
    const message = notice(orderId, 25.98);
    await tell(client, message);
    for (const change of [{ orderId: another }, { amount: usd(26) }, { amount: { amount: 25.98, currency: 'EUR' } }]) {
      const { status, code } = problemOf(await tell(client, { ...message, ...change }));
      expect([status, code]).toEqual([409, 'payment-told-otherwise']);
    }
    expect((await paymentOf(orderId)).paid).toBe(25.98);
    expect((await paymentOf(another)).paid).toBe(0);
  });

  it('what is too much goes back', async () => {
    const orderId = await order();
    await pay(client, orderId, 30);
    expect(await statusOf(orderId)).toBe('CONFIRMED');
    expect(await paymentOf(orderId)).toMatchObject({ paid: 30, refunded: 4.02 });
    expect(givenBack(orderId)).toEqual([minor(402)]);
  });

  it('money in another currency is no payment of the order, and goes back as it came', async () => {
    const orderId = await order();
    await pay(client, orderId, 0, { amount: { amount: 25.98, currency: 'EUR' } });
    expect(await statusOf(orderId)).toBe('PENDING');
    expect(await paymentOf(orderId)).toEqual({
      due: 25.98,
      paid: 0,
      refunded: 0,
      ledger: [
        ['received', 25.98, 'EUR'],
        ['refunded', 25.98, 'EUR'],
      ],
    });
    expect(givenBack(orderId)).toEqual([{ amount: 2598, currency: 'EUR' }]);
  });

  it('a payment of nothing is refused, naming the field', async () => {
    const { status, errors } = problemOf(await tell(client, notice(await order(), 0)));
    expect([status, errors]).toEqual([400, [{ path: 'amount.amount', message: 'must be more than nothing' }]]);
  });

  it('an order that the shop has confirmed itself may be paid afterwards', async () => {
    const orderId = await order();
    await client.move(orderId, 'confirm', 'ship');
    await pay(client, orderId, 25.98);
    expect(await statusOf(orderId)).toBe('SHIPPED');
    expect(await confirmations(orderId)).toBe(1);
  });

  it('money for an order that nobody has heard of is kept, and can be looked for', async () => {
    const orderId = nobody.replace('0', '1');
    await pay(client, orderId, 5);
    expect(await paymentOf(orderId)).toEqual({
      due: undefined,
      paid: undefined,
      refunded: undefined,
      ledger: [['received', 5, 'USD']],
    });
    const unknown = problemOf(await client.get(`/payments/${nobody}`));
    expect([unknown.status, unknown.code]).toEqual([404, 'payment-not-found']);
  });

  describe('a payment is refunded', () => {
    it('when the order is cancelled, once', async () => {
      const orderId = await order();
      await pay(client, orderId, 25.98);
      await shop.settle();
      await client.move(orderId, 'cancel');
      expect((await client.post(`/orders/${orderId}/cancel`, { reason: 'again' })).status).toBe(409);
      expect(await paymentOf(orderId)).toEqual({
        due: 25.98,
        paid: 25.98,
        refunded: 25.98,
        ledger: [
          ['received', 25.98, 'USD'],
          ['refunded', 25.98, 'USD'],
        ],
      });
      expect(givenBack(orderId)).toEqual([minor(2598)]);
    });

    it('when the delivered order is returned', async () => {
      const orderId = await order();
      await pay(client, orderId, 25.98);
      await shop.settle();
      await client.move(orderId, 'ship', 'deliver', 'return');
      expect(await paymentOf(orderId)).toMatchObject({ paid: 25.98, refunded: 25.98 });
      expect(givenBack(orderId)).toEqual([minor(2598)]);
    });

    it('as far as the order was paid', async () => {
      const orderId = await order();
      await pay(client, orderId, 10);
      await client.move(orderId, 'cancel');
      expect(await paymentOf(orderId)).toMatchObject({ paid: 10, refunded: 10 });
      expect(givenBack(orderId)).toEqual([minor(1000)]);
    });

    it('when it comes after the order was cancelled, and the order stays cancelled', async () => {
      const orderId = await order();
      await client.move(orderId, 'cancel');
      await pay(client, orderId, 25.98);
      expect(await paymentOf(orderId)).toMatchObject({ paid: 25.98, refunded: 25.98 });
      expect(givenBack(orderId)).toEqual([minor(2598)]);
      expect(await statusOf(orderId)).toBe('CANCELLED');
    });

    it.each(['unreachable', 'unanswered'])('once, also when the provider is %s at first', async (how) => {
      const orderId = await order();
      await pay(client, orderId, 25.98);
      await shop.settle();
      letCallsFail(shop, 1, how);
      await client.move(orderId, 'cancel');
      expect(await paymentOf(orderId)).toMatchObject({ refunded: 25.98 });
      expect(givenBack(orderId)).toEqual([minor(2598)]);
      const { items } = await client.see(`/events?stream=payments.payment/${orderId}`);
      expect(items.map(({ type }: { type: string }) => type)).toEqual([
        'payments.payment-received',
        'payments.refund-requested',
        'payments.payment-refunded',
      ]);
    });

    it('when an operator retries what the provider has refused, and no other refund waits for it', async () => {
      const [orderId, another] = [await order(), await order()];
      for (const one of [orderId, another]) await pay(client, one, 25.98);
      await shop.settle();
      letCallsFail(shop, 1, 'refused');
      await client.move(orderId, 'cancel');
      await shop.settle();
      await client.move(another, 'cancel');
      await shop.settle();
      expect([givenBack(orderId), givenBack(another)]).toEqual([[], [minor(2598)]]);

      const [{ position, reason }] = await deadLettersOf(shop, 'payments.give-back');
      expect(reason).toBe('unrecoverable');
      const letters = [{ position }];
      expect((await client.post('/reactions/payments.give-back/dead-letters/retry', { letters })).status).toBe(202);
      expect(await paymentOf(orderId)).toMatchObject({ paid: 25.98, refunded: 25.98 });
      expect(givenBack(orderId)).toEqual([minor(2598)]);
    });
  });

  describe('a message that the provider has not signed is refused, and has no effect', () => {
    const message = notice(nobody, 25.98);
    const { 'payment-signature': right } = signed(message);
    const [time, digest] = right.split(',');
    const minutes = (count: number) => new Date(Date.now() + count * 60_000);

    it.each<[why: string, code: string, signature: string | undefined]>([
      ['has no signature', 'signature-missing', undefined],
      ['has an empty signature', 'signature-malformed', ''],
      ['has no time', 'signature-malformed', digest],
      ['has no digest', 'signature-malformed', time],
      ['has a digest that is too short', 'signature-malformed', right.slice(0, -2)],
      ['has a digest that is too long', 'signature-malformed', `${right}00`],
      ['has a digest that is not hexadecimal', 'signature-malformed', `${time},v1=${'g'.repeat(64)}`],
      ['has a time that is no number', 'signature-malformed', right.replace(/\d+/, 'now')],
      ['has something else beside it', 'signature-malformed', `${right},v0=00`],
      ['is six minutes old', 'signature-stale', signed(message, SECRET, minutes(-6))['payment-signature']],
      ['is six minutes ahead', 'signature-stale', signed(message, SECRET, minutes(6))['payment-signature']],
      ['has a time that was changed', 'signature-wrong', right.replace(/\d+/, (seconds) => String(+seconds - 1))],
      ['is of another secret', 'signature-wrong', signed(message, `${SECRET}s`)['payment-signature']],
      [
        'is of another body',
        'signature-wrong',
        signed({ ...message, orderId: `${nobody}` + ' ' })['payment-signature'],
      ],
      [
        'is of the same facts in other words',
        'signature-wrong',
        signed(JSON.stringify(message, null, 1))['payment-signature'],
      ],
      ['has the signature of no body', 'signature-wrong', signed('')['payment-signature']],
    ])('when it %s', async (_why, code, signature) => {
      const answer = await client.post(
        '/payments',
        message,
        signature === undefined ? {} : { 'payment-signature': signature },
      );
      expect(problemOf(answer)).toMatchObject({ status: 401, code });
      expect(answer.get('www-authenticate')).toBe('Signature');
      expect(answer.get('event-position')).toBeUndefined();
      await shop.settle();
      expect((await client.get(`/payments/${nobody}`)).status).toBe(404);
    });

    it('also when its fields are wrong, of which it is told nothing', async () => {
      const { status, errors } = problemOf(await client.post('/payments', { type: 'x' }));
      expect([status, errors]).toEqual([401, undefined]);
    });
  });

  it('a message is taken as the bytes that were signed, whatever they look like', async () => {
    const orderId = await order();
    const body = `\n{ "type":"payment.received",  "id":"pay \\u00e4",\t"amount":{"amount":2.598e1},"orderId":"${orderId.toUpperCase()}" }\n`;
    const answer = await shop
      .http()
      .post('/payments')
      .set({ 'content-type': 'application/json', ...signed(body) })
      .serialize((bytes) => bytes as string)
      .send(body);
    expect([answer.status, answer.text]).toEqual([202, '']);
    expect(await statusOf(orderId)).toBe('CONFIRMED');
  });
});

describe('A payment that comes before the shop has heard of its order', () => {
  it.each([
    ['confirms the order when it is heard of', false, 'CONFIRMED', []],
    ['goes back when the order was cancelled meanwhile', true, 'CANCELLED', [minor(2598)]],
  ])('%s', async (_what, isCancelled, status, refunds) => {
    let shop = await Bookshelf.start();
    const { folder } = shop;
    const bookId = await new Client(shop).addBook();
    await shop.settle();
    await shop.stop();

    // The payments do not hear of the order for now.
    shop = await Bookshelf.start({ folder, environment: { REACTIONS: 'off' } });
    let client = new Client(shop);
    const { body } = await shop
      .http()
      .post('/orders')
      .send({
        customer: { name: 'Alice', email: 'alice@example.com' },
        shippingAddress: 'here',
        items: [{ bookId, quantity: 2 }],
      });
    for (const amount of [10, 15.98]) {
      const message = notice(body.id, amount);
      for (const _ of [1, 2]) {
        const answer = await shop.http().post('/payments').set(signed(message)).send(message);
        expect([answer.status, answer.text]).toEqual([202, '']);
      }
    }
    if (isCancelled) await shop.http().post(`/orders/${body.id}/cancel`).send({ reason: 'too slow' }).expect(200);
    await shop.stop();

    shop = await Bookshelf.start({ folder });
    client = new Client(shop);
    await shop.settle();
    expect((await client.see(`/orders/${body.id}`)).status).toBe(status);
    expect(await client.see(`/payments/${body.id}`)).toMatchObject({ paid: usd(25.98) });
    expect(booksOf(shop).map(({ amount }) => amount)).toEqual(refunds);
    await shop.close();
  });
});

describe('The replay window', () => {
  it('is five minutes either way, to the second', async () => {
    const clock = new ManualClock();
    const shop = await Bookshelf.start({ clock });
    const client = new Client(shop);
    const message = notice(nobody, 1);
    for (const [seconds, status] of [
      [-301, 401],
      [301, 401],
      [-300, 202],
      [300, 202],
    ]) {
      const at = new Date(clock.now().getTime() + seconds * 1000);
      const answer = await client.post('/payments', message, signed(message, SECRET, at));
      expect([seconds, answer.status]).toEqual([seconds, status]);
    }
    await shop.close();
  });
});

describe('A shop that has no secret', () => {
  it('refuses every message, whatever it is signed with', async () => {
    const shop = await Bookshelf.start({ environment: { PAYMENT_WEBHOOK_SECRET: '' } });
    const client = new Client(shop);
    const message = notice(nobody, 1);
    for (const secret of ['', SECRET, 'undefined']) {
      const answer = await client.post('/payments', message, signed(message, secret));
      expect(problemOf(answer)).toMatchObject({ status: 401, code: 'signature-wrong' });
    }
    await shop.close();
  });
});

interface Line {
  readonly kind: string;
  readonly amount: { readonly amount: number; readonly currency: string };
}

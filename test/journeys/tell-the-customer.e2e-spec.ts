import { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { WriteLetterOnOrderStep } from '../../src/notifications/reactions/write-letter-on-order-step.reaction';
import { SendMailOnNotificationRequested } from '../../src/notifications/reactions/send-mail-on-notification-requested.reaction';
import { OrderPlaced } from '../../src/orders/orders.events';
import { putInEnvelope } from '../../src/platform/event-log/envelope';
import { EventLog } from '../../src/platform/event-log/event-log';
import { EventTypes } from '../../src/platform/event-log/event-types';
import { Bookshelf } from '../support/bookshelf';
import { nobody, problemOf } from '../support/client';

/** A mail server that takes every letter, but for those it is told to refuse. */
class PostOffice {
  readonly letters: { readonly to: string; readonly message: string }[] = [];
  private readonly refusals: Error[] = [];
  private readonly server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    closeTimeout: 100,
    onRcptTo: (_, __, done) => done(this.refusals.shift()),
    onData: (stream, { envelope }, done) =>
      void text(stream).then((message) => {
        this.letters.push({ to: envelope.rcptTo[0].address, message });
        done();
      }),
  });

  async open(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((done) => this.server.close(() => done()));
  }

  /** The next letter is refused, with this code. */
  refuse(responseCode: number): void {
    this.refusals.push(Object.assign(new Error('no'), { responseCode }));
  }
}

describe('A customer who orders', () => {
  let post: PostOffice;
  let shop: Bookshelf;

  beforeEach(async () => {
    post = new PostOffice();
    shop = await Bookshelf.start({ environment: { MAIL_URL: await post.open() } });
  });
  afterEach(async () => {
    await shop.close();
    await post.close();
  });

  async function order(): Promise<string> {
    const price = { amount: 12.99, currency: 'USD' };
    const book = await shop.http().post('/books').send({ title: 'Les Misérables', author: 'Victor Hugo', price });
    await shop.settle();
    const placed = await shop
      .http()
      .post('/orders')
      .send({
        customer: { name: 'Zoë Müller', email: 'zoe@example.com' },
        shippingAddress: '1 Main Street',
        items: [{ bookId: book.body.id, quantity: 2 }],
      })
      .expect(201);
    return placed.body.id;
  }
  const move = async (id: string, step: string, body?: object) => {
    await shop.http().post(`/orders/${id}/${step}`).send(body).expect(200);
    await shop.settle();
  };
  const onRecord = async (query: object = {}) =>
    (await shop.http().get('/notifications').query(query).expect(200)).body;

  it('gets one letter for each step of the order, and it is on record', async () => {
    const id = await order();
    await shop.settle();
    await move(id, 'confirm');
    await move(id, 'ship', { carrier: 'DHL', trackingNumber: 'JD0146' });
    await move(id, 'deliver');

    const { items } = await onRecord({ orderId: id });
    expect(items.map(({ kind }: { kind: string }) => kind)).toEqual([
      'order-placed',
      'order-confirmed',
      'order-shipped',
      'order-delivered',
    ]);
    expect(items[2]).toEqual({
      id: expect.any(String),
      kind: 'order-shipped',
      orderId: id,
      recipient: 'zoe@example.com',
      subject: `Your order is on its way (${id})`,
      copy: 1,
      status: 'SENT',
      sentAt: expect.stringMatching(/Z$/),
      attempts: 1,
      messageId: expect.stringMatching(/^<[0-9a-f]{32}@bookshelf>$/),
      eventId: expect.any(String),
    });
    expect(post.letters).toHaveLength(4);
    const letter = post.letters.find(({ message }) => message.includes(`Message-ID: ${items[2].messageId}`))!;
    expect(letter.to).toBe('zoe@example.com');
    expect(letter.message).toContain('Your tracking number is JD0146.');
    expect(letter.message).toContain('<li>2 x Les Mis=C3=A9rables at 12.99 USD</li>');
  });

  it('is told that the order is cancelled, and why', async () => {
    const id = await order();
    await move(id, 'cancel', { reason: 'changed my mind' });
    expect((await onRecord({ orderId: id })).items[1]).toMatchObject({ kind: 'order-cancelled', status: 'SENT' });
    expect(post.letters.some(({ message }) => message.includes('The reason: changed my mind'))).toBe(true);
  });

  it('finds the letters of each order apart, page by page', async () => {
    const [first, second] = [await order(), await order()];
    await move(first, 'confirm');
    const page = await onRecord({ orderId: first, limit: 1 });
    const rest = await onRecord({ orderId: first, limit: 1, cursor: page.next });
    expect([...page.items, ...rest.items]).toMatchObject([{ kind: 'order-placed' }, { kind: 'order-confirmed' }]);
    expect(rest.next).toBeUndefined();
    expect((await onRecord({ orderId: second })).items).toHaveLength(1);
    expect((await onRecord()).items).toHaveLength(3);
  });

  it('gets the letter later when the mail server is busy, and the record tells how often it was tried', async () => {
    post.refuse(450);
    const id = await order();
    await shop.settle();
    expect((await onRecord({ orderId: id })).items).toMatchObject([{ status: 'SENT', attempts: 2 }]);
    expect(post.letters).toHaveLength(1);
  });

  it('who has no such address gets nothing, which an operator sees and no other letter waits for', async () => {
    post.refuse(550);
    const id = await order();
    await shop.settle();
    await move(id, 'confirm');
    expect((await onRecord({ orderId: id })).items).toMatchObject([
      { kind: 'order-placed', status: 'PENDING', attempts: 1 },
      { kind: 'order-confirmed', status: 'SENT', attempts: 1 },
    ]);
    const dead = await shop.http().get('/reactions/notifications.send-mail/dead-letters').expect(200);
    expect(dead.body.items).toMatchObject([
      { reason: 'unrecoverable', attempts: 1, error: expect.stringContaining('550 no') },
    ]);
  });

  it('who cannot find a letter is sent it again, as a message of its own that says the same', async () => {
    const id = await order();
    await shop.settle();
    const [first] = (await onRecord({ orderId: id })).items;
    const asked = await shop.http().post(`/notifications/${first.id}/resend`).expect(202);
    expect(asked.body).toEqual({
      ...first,
      copy: 2,
      status: 'PENDING',
      sentAt: undefined,
      attempts: 0,
      messageId: expect.not.stringContaining(first.messageId),
    });
    await shop.settle();

    const second = { ...asked.body, status: 'SENT', sentAt: expect.stringMatching(/Z$/), attempts: 1 };
    expect((await shop.http().get(`/notifications/${first.id}`).expect(200)).body).toEqual(second);
    expect((await onRecord({ orderId: id })).items).toEqual([second]);
    const [one, other] = post.letters.map(({ message }) => message);
    expect(post.letters.map(({ to }) => to)).toEqual(['zoe@example.com', 'zoe@example.com']);
    expect(one).toContain(`Message-ID: ${first.messageId}`);
    expect(other).toContain(`Message-ID: ${asked.body.messageId}`);
    for (const message of [one, other]) expect(message).toContain(`Subject: ${first.subject.slice(0, 40)}`);
  });

  it('is not sent a letter again while that is still on its way, however often and at once it is asked for', async () => {
    const id = await order();
    await shop.settle();
    const [{ id: letter }] = (await onRecord({ orderId: id })).items;
    const resend = () => shop.http().post(`/notifications/${letter}/resend`);
    post.refuse(550);
    const answers = await Promise.all(Array.from({ length: 5 }, resend));
    await shop.settle();
    // The one copy that was asked for has been refused by the mail server, so it is pending for good.
    answers.push(await resend());

    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect(problemOf(answer)).toMatchObject({
        code: 'notification-not-sent',
        detail: `notification ${letter} cannot be sent again: it is PENDING`,
        details: { status: 'PENDING' },
      });
    }
    expect((await onRecord({ orderId: id })).items).toMatchObject([{ copy: 2, status: 'PENDING', attempts: 1 }]);
    expect(post.letters).toHaveLength(1);
  });

  it('is sent a copy once, even if the letter itself or the copy is asked for a second time', async () => {
    await order();
    await shop.settle();
    const [{ id: notificationId, kind, recipient }] = (await onRecord()).items;
    const reaction = shop.get(SendMailOnNotificationRequested);
    await shop.http().post(`/notifications/${notificationId}/resend`).expect(202);
    // Of before there were copies: the event says nothing of them.
    await reaction.handle({ notificationId, kind, recipient });
    await shop.settle();
    for (const copy of [undefined, 1, 2]) await reaction.handle({ notificationId, kind, recipient, copy });
    expect(post.letters).toHaveLength(2);
    expect((await onRecord()).items).toMatchObject([{ copy: 2, status: 'SENT', attempts: 1 }]);
  });

  it('has no letters but those on record', async () => {
    for (const answer of [
      await shop.http().get(`/notifications/${nobody}`),
      await shop.http().post(`/notifications/${nobody}/resend`),
    ])
      expect(problemOf(answer)).toMatchObject({ status: 404, code: 'notification-not-found' });
  });

  it('is written to once, even if the order is heard of a second time', async () => {
    await order();
    await shop.settle();
    const [stored] = await shop.get(EventLog).after(0, [OrderPlaced.type], 1);
    const event = shop.get(EventTypes).revive(stored.type, stored.version, stored.facts);
    putInEnvelope(event, stored);
    await shop.work.run('a test', () => shop.get(WriteLetterOnOrderStep).handle(event));
    await shop.settle();
    expect((await onRecord()).items).toHaveLength(1);
    expect(post.letters).toHaveLength(1);
  });

  it('is sent a letter once, even if that is asked for a second time', async () => {
    await order();
    await shop.settle();
    const before = await onRecord();
    const [{ id: notificationId, kind, recipient }] = before.items;
    await shop.get(SendMailOnNotificationRequested).handle({ notificationId, kind, recipient });
    expect(await onRecord()).toEqual(before);
    expect(post.letters).toHaveLength(1);
  });
});

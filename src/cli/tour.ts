import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configure } from '../app.configure';
import { AppModule } from '../app.module';
import { signatureOf } from '../payments/outside/signature';
import { createFastifyAdapter } from '../platform/http/fastify';
import { reasonToStop } from '../platform/observability/reason-to-stop';

/** The tour is complete when it has made so many checks; a story that skips one must not end well. */
const CHECKS = 49;
const PATIENCE = 10_000;
/** What the payment provider of the tour signs its messages with. */
const SECRET = 'what-only-the-provider-knows';

if (process.argv.includes('--help')) {
  console.log(`Usage: npm run tour

Plays the story of the shop over real HTTP, against a new database in a temporary folder that is removed afterwards:
a book is added, stocked, ordered, paid, shipped and delivered, another one is paid, cancelled and refunded, the price
changes, books are found and sent back, somebody waits for a book that comes out by itself, staff are alerted, and nobody
calls a handler.
Prints each request with what it led to. Exit code 0 when every check was made and passed, 1 otherwise.`);
  process.exit(0);
}

/** What the story reads in the shop's answers; each answer has the part that its route tells of. */
interface Body {
  readonly id: string;
  readonly status: string;
  readonly code: string;
  readonly waitsFor: string;
  readonly carrier: string;
  readonly details: { readonly total: object };
  readonly total: object;
  readonly quantity: number;
  readonly reserved: number;
  readonly available: number;
  readonly copy: number;
  readonly points: number;
  readonly placed: number;
  readonly delivered: number;
  readonly totals: readonly { readonly revenue: { readonly net: object } }[];
  readonly due: object;
  readonly paid: object;
  readonly refunded: { readonly amount: number };
  readonly items: readonly {
    readonly id: string;
    readonly inStock: boolean;
    readonly title: string;
    readonly copies: number;
    readonly kind: string;
    readonly recipient: string;
    readonly subject: string;
    readonly status: string;
    readonly type: string;
    readonly reactions: readonly { readonly reaction: string; readonly state: string }[];
  }[];
}

interface Answer {
  readonly status: number;
  readonly position: string | null;
  readonly body: Body;
}

/** A client that prints what it does, and that reads its own writes. */
class Visitor {
  private position = '0';
  private checks = 0;

  constructor(private readonly url: string) {}

  async post(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await this.send('POST', path, body, headers);
    if (answer.position) this.position = answer.position;
    console.log(
      `  POST ${path} → ${answer.status}${answer.position ? `, position ${answer.position} in the log` : ''}`,
    );
    return answer;
  }

  /** The payment provider tells the shop that somebody has paid, and proves that it is the provider who says so. */
  async pay(paymentId: string, orderId: string, amount: number, secret = SECRET): Promise<Answer> {
    const body = { id: paymentId, type: 'payment.received', orderId, amount: { amount, currency: 'USD' } };
    const signature = signatureOf(secret, Math.floor(Date.now() / 1000), Buffer.from(JSON.stringify(body)));
    return this.post('/payments', body, { 'payment-signature': signature });
  }

  async get(path: string): Promise<Answer> {
    const answer = await this.send('GET', path);
    console.log(`  GET  ${path} → ${answer.status}`);
    return answer;
  }

  /** Asks quietly until the answer is as expected: what follows from a consequence has no position to wait for. */
  async until(path: string, expected: (body: Body) => boolean): Promise<Answer> {
    for (const deadline = Date.now() + PATIENCE; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const answer = await this.send('GET', path);
      if (expected(answer.body) || Date.now() > deadline) return answer;
    }
  }

  check(what: string, actual: unknown, expected: unknown): void {
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      throw new Error(`✗ ${what}: expected ${JSON.stringify(expected)}, but it is ${JSON.stringify(actual)}`);
    }
    this.checks += 1;
    console.log(`    ✓ ${what}`);
  }

  finish(): void {
    if (this.checks !== CHECKS) throw new Error(`✗ only ${this.checks} of ${CHECKS} checks were made`);
    console.log('\nAll checks passed!');
  }

  private async send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'min-event-position': this.position,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      position: response.headers.get('event-position'),
      body: (text ? JSON.parse(text) : {}) as Body,
    };
  }
}

const chapter = (title: string) => console.log(`\n${title}`);

async function story(visitor: Visitor, folder: string): Promise<void> {
  chapter('1. The catalog adds a book');
  const added = await visitor.post('/books', {
    title: 'The Great Gatsby',
    author: 'F. Scott Fitzgerald',
    isbn: '9780743273565',
    price: { amount: 12.99, currency: 'USD' },
  });
  visitor.check('the book is in the catalog', added.status, 201);
  const bookId = added.body.id;

  chapter('2. Inventory has stocked it, though the catalog has never heard of inventory');
  const opened = await visitor.get(`/inventory/${bookId}`);
  visitor.check('10 copies are for sale', opened.body.available, 10);
  const shelf = await visitor.until('/books', ({ items }) => items[0]?.inStock === true);
  visitor.check('people who browse see it in stock', shelf.body.items[0].inStock, true);

  chapter('3. Alice Johnson orders two copies');
  const placed = await visitor.post('/orders', {
    customer: { name: 'Alice Johnson', email: 'alice@example.com' },
    shippingAddress: '1 Long Island Road, West Egg, NY',
    items: [{ bookId, quantity: 2 }],
  });
  visitor.check('the order is placed', placed.status, 201);
  visitor.check('it costs what the shop says', placed.body.total, { amount: 25.98, currency: 'USD' });
  const order = `/orders/${placed.body.id}`;
  visitor.check('8 copies are left for others', (await visitor.get(`/inventory/${bookId}`)).body.available, 8);

  chapter('4. Somebody else wants nine: the order is refused as a whole');
  const refused = await visitor.post('/orders', {
    customer: { name: 'Bob', email: 'bob@example.com' },
    shippingAddress: '2 East Egg',
    items: [{ bookId, quantity: 9 }],
  });
  visitor.check('there are not enough copies', [refused.status, refused.body.code], [409, 'out-of-stock']);
  visitor.check('nothing was set aside', (await visitor.get(`/inventory/${bookId}`)).body.reserved, 2);

  chapter('5. Alice pays, and the order is confirmed, though payments have never heard of confirming');
  const forged = await visitor.pay('pay_1', placed.body.id, 25.98, 'what somebody else knows');
  visitor.check('only the provider is believed', [forged.status, forged.body.code], [401, 'signature-wrong']);
  visitor.check('the provider is', (await visitor.pay('pay_1', placed.body.id, 25.98)).status, 202);
  visitor.check('the order is confirmed', (await visitor.get(order)).body.status, 'CONFIRMED');
  visitor.check('the provider may say it twice', (await visitor.pay('pay_1', placed.body.id, 25.98)).status, 202);
  const payment = await visitor.get(`/payments/${placed.body.id}`);
  visitor.check('what is due was paid once', payment.body.paid, payment.body.due);

  chapter('6. The order is shipped and delivered');
  const shipped = await visitor.post(`${order}/ship`, { carrier: 'Royal Mail', trackingNumber: 'RM123456789GB' });
  visitor.check('it is shipped', shipped.body.status, 'SHIPPED');
  visitor.check('it is delivered', (await visitor.post(`${order}/deliver`)).body.status, 'DELIVERED');
  const forbidden = await visitor.post(`${order}/cancel`, { reason: 'changed my mind' });
  visitor.check('too late to cancel it', [forbidden.status, forbidden.body.code], [409, 'order-state-forbids']);

  chapter('7. The copies have left the shelf');
  const left = await visitor.until(`/inventory/${bookId}`, ({ quantity }) => quantity === 8);
  visitor.check('8 copies are there, none set aside', [left.body.quantity, left.body.reserved], [8, 0]);
  const ledger = await visitor.get(`/inventory/${bookId}/movements`);
  const kinds = ledger.body.items.map(({ kind }) => kind);
  visitor.check('the ledger says why', kinds, ['opened', 'reserved', 'shipped']);

  chapter('8. Alice has been told, once each time');
  const told = await visitor.until(
    `/notifications?orderId=${placed.body.id}`,
    ({ items }) => items.length === 4 && items.every(({ status }) => status === 'SENT'),
  );
  const letters = told.body.items;
  for (const { kind, subject } of letters) console.log(`    ✉ ${kind}: ${subject}`);
  visitor.check('four letters were sent', letters.filter(({ status }) => status === 'SENT').length, 4);
  visitor.check('each of another kind', new Set(letters.map(({ kind }) => kind)).size, 4);
  visitor.check('four messages are in the mail folder', readdirSync(join(folder, 'mail')).length, 4);

  await visitor.post(`/notifications/${letters[0].id}/resend`);
  await visitor.until(`/notifications/${letters[0].id}`, ({ copy, status }) => copy === 2 && status === 'SENT');
  visitor.check('she asks for one again, and it is sent again', readdirSync(join(folder, 'mail')).length, 5);

  chapter('9. Alice has earned points, of which orders know nothing');
  const earned = await visitor.get('/loyalty/alice@example.com');
  visitor.check('a point for each whole dollar', earned.body.points, 25);

  chapter('10. The figures of the day are there, and nobody had to add them up');
  const [sold] = (await visitor.get('/analytics/best-sellers')).body.items;
  visitor.check('the best-seller', [sold.title, sold.copies], ['The Great Gatsby', 2]);
  const [inDollars] = (await visitor.get('/analytics/sales')).body.totals;
  visitor.check('what the shop has taken', inDollars.revenue.net, { amount: 25.98, currency: 'USD' });
  const { placed: ordered, delivered } = (await visitor.get('/analytics/funnel')).body;
  visitor.check('every order has been delivered', [ordered, delivered], [1, 1]);

  chapter('11. The timeline tells what happened, and what each reaction made of it');
  const timeline = await visitor.until(`${order}/timeline`, ({ items }) =>
    items.every(({ reactions }) => reactions.every(({ state }) => state === 'done')),
  );
  const entries = timeline.body.items;
  for (const { type, reactions } of entries) {
    console.log(`    ${type}`);
    for (const { reaction, state } of reactions) console.log(`      ${reaction}: ${state}`);
  }
  visitor.check(
    'every event is there',
    entries.map(({ type }) => type),
    ['orders.order-placed', 'orders.order-confirmed', 'orders.order-shipped', 'orders.order-delivered'],
  );
  visitor.check(
    'every reaction is done',
    entries.flatMap(({ reactions }) => reactions).filter(({ state }) => state !== 'done'),
    [],
  );

  chapter('12. Bob pays for a copy and changes his mind: he gets his money back, once');
  const second = await visitor.post('/orders', {
    customer: { name: 'Bob', email: 'bob@example.com' },
    shippingAddress: '2 East Egg',
    items: [{ bookId, quantity: 1 }],
  });
  await visitor.pay('pay_2', second.body.id, 12.99);
  const cancelled = await visitor.post(`/orders/${second.body.id}/cancel`, { reason: 'changed my mind' });
  visitor.check('the order is cancelled', cancelled.body.status, 'CANCELLED');
  const back = await visitor.until(`/payments/${second.body.id}`, ({ refunded }) => refunded.amount > 0);
  visitor.check('all that he has paid is given back', back.body.refunded, back.body.paid);
  const lines = readFileSync(join(folder, 'payments', 'refunds.ndjson'), 'utf8')
    .trim()
    .split('\n');
  visitor.check('the books of the provider have it once', lines.length, 1);

  chapter('13. The price goes up while Carol looks at the old one: she does not pay what she has not seen');
  await visitor.post(`/books/${bookId}/price`, { price: { amount: 14.99, currency: 'USD' } });
  const wish = {
    customer: { name: 'Carol', email: 'carol@example.com' },
    shippingAddress: '3 Valley of Ashes',
    items: [{ bookId, quantity: 1 }],
  };
  const shown = { amount: 12.99, currency: 'USD' };
  const dearer = await visitor.post('/orders', { ...wish, expectedTotal: shown });
  visitor.check('the order is refused', [dearer.status, dearer.body.code], [409, 'price-changed']);
  const { total } = dearer.body.details;
  visitor.check('she is told what it costs now', total, { amount: 14.99, currency: 'USD' });
  visitor.check(
    'at that price she may have it',
    (await visitor.post('/orders', { ...wish, expectedTotal: total })).status,
    201,
  );

  chapter('14. Books are found by the beginnings of words, with accents or without');
  await visitor.post('/books', {
    title: 'Wuthering Heights',
    author: 'Emily Brontë',
    price: { amount: 7.99, currency: 'GBP' },
  });
  for (const typed of ['bront', 'HEIGHTS%20emily']) {
    const found = (await visitor.get(`/books?search=${typed}`)).body.items.map(({ title }) => title);
    visitor.check(`${decodeURIComponent(typed)} finds one`, found, ['Wuthering Heights']);
  }

  chapter('15. Alice sends her books back');
  const returned = await visitor.post(`${order}/return`, { reason: 'the green light was missing' });
  visitor.check('the order is returned', returned.body.status, 'RETURNED');
  const refunded = await visitor.until(`/payments/${placed.body.id}`, ({ refunded }) => refunded.amount > 0);
  visitor.check('she has her money back', refunded.body.refunded, refunded.body.paid);
  const { points } = (await visitor.until('/loyalty/alice@example.com', ({ points }) => points === 0)).body;
  visitor.check('her points are gone', points, 0);

  const lettersOf = (wanted: string) => (body: Body) => body.items.filter(({ kind }) => kind === wanted);
  const sentTo = async (kind: string): Promise<readonly string[]> => {
    const letters = lettersOf(kind);
    const { body } = await visitor.until('/notifications', (all) =>
      letters(all).some(({ status }) => status === 'SENT'),
    );
    return letters(body).map(({ recipient, status }) => `${recipient} ${status}`);
  };

  chapter(
    '16. Dan waits for a book that is not out yet; it comes out when its time has come, and nobody has to be there',
  );
  const announced = await visitor.post('/books', {
    title: 'Tender Is the Night',
    author: 'F. Scott Fitzgerald',
    price: { amount: 11.5, currency: 'USD' },
    publishAt: new Date(Date.now() + 1_000).toISOString(),
  });
  const joined = await visitor.post(`/books/${announced.body.id}/waiting-list`, { email: 'dan@example.com' });
  visitor.check('he is on the list', [joined.status, joined.body.waitsFor], [201, 'published']);
  visitor.check('he is told, once', await sentTo('book-published'), ['dan@example.com SENT']);
  const out = await visitor.get(`/books/${announced.body.id}`);
  visitor.check('the book is out', out.body.status, 'PUBLISHED');

  chapter('17. Staff want to hear when fewer than 8 copies of a book are left');
  const rule = await visitor.post('/alerts/rules', { metric: 'available-copies', comparison: 'below', threshold: 8 });
  visitor.check('a draft watches nothing', rule.status, 201);
  visitor.check('a rule does', (await visitor.post(`/alerts/rules/${rule.body.id}/activate`)).body.status, 'ACTIVE');
  await visitor.post(`/inventory/${announced.body.id}/adjustments`, { amount: -3, reason: 'water damage' });
  visitor.check('staff are told', await sentTo('alert-raised'), ['staff@bookshelf.example SENT']);
  await visitor.post(`/inventory/${announced.body.id}/adjustments`, { amount: 5, reason: 'new ones have come' });
  visitor.check('and that it is over', await sentTo('alert-cleared'), ['staff@bookshelf.example SENT']);
  visitor.check('nothing is open', (await visitor.get('/alerts?status=open')).body.items, []);

  chapter('18. What is to be packed');
  const packing = (await visitor.get('/shipments?status=PREPARED')).body.items;
  visitor.check('all that was confirmed is on its way', packing, []);
  const parcel = (await visitor.get(`/shipments/${placed.body.id}`)).body;
  visitor.check('and Alice’s has come back', [parcel.status, parcel.carrier], ['RETURNED', 'Royal Mail']);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bookshelf-tour-'));
  Object.assign(process.env, {
    DATABASE_URL: `sqlite:${join(folder, 'shop.db')}`,
    MAIL_URL: `file:${join(folder, 'mail')}`,
    PAYMENT_WEBHOOK_SECRET: SECRET,
    PAYMENT_PROVIDER_URL: `local:${join(folder, 'payments')}`,
  });
  const app = configure(
    await NestFactory.create<NestFastifyApplication>(AppModule, createFastifyAdapter(), {
      logger: ['error', 'warn'],
      abortOnError: false,
    }),
  );
  try {
    await app.listen(0, '127.0.0.1');
    const visitor = new Visitor(await app.getUrl());
    await story(visitor, folder);
    visitor.finish();
  } finally {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  const told = error instanceof Error && error.message.startsWith('✗') ? error.message : reasonToStop(error);
  console.error(`\n${told}\nThe tour has failed.`);
  process.exitCode = 1;
});

import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Response } from 'supertest';
import { Bookshelf } from '../support/bookshelf';
import { isOnPostgres } from '../support/database';
import {
  address,
  alice,
  Client,
  gatsby,
  MOVES,
  nobody,
  problemOf,
  type Json,
  everythingStored,
} from '../support/client';
import { notice, signed } from '../support/payments';
import { routesOf } from '../support/routes';

const NOT_TEXT = [1, 1.5, true, [], ['a'], [[[['a']]]], {}, { length: 3 }];
const TEXT = [...NOT_TEXT, '', '   ', '\t\r\n', 'a\0b', '\ud800', 'b\udc00c', '\u0007', 'x'.repeat(100_000)];
const NOT_WHOLE = ['1', '', 'x', true, [], [1], [[1]], {}, 0.5, 1e300, 2 ** 53, '1e3', '0x1'];

/** Fields that nobody knows, as they stand in an object. */
const MANY_NAMES = Array.from({ length: 30_000 }, (_, at) => `"field${at}":${at}`).join();

/** What each kind of field does not take. */
const WRONG = {
  lines: TEXT,
  line: [...TEXT, 'two\nlines', 'two\u2028lines'],
  email: [
    ...TEXT,
    'alice',
    'alice@',
    '@example.com',
    'alice @example.com',
    'a@b@example.com',
    'alice@example',
    'a@b.c\nd',
    '"x> <a@evil.example"@example.com',
    '"<script>"@example.com',
    '\u202ea@example.com',
  ],
  uuid: [...TEXT, '1', `${nobody}0`, `{${nobody}}`, nobody.replaceAll('-', ''), nobody.replace('0', 'g')],
  isbn: [...TEXT, '9780743273566', '0743273568', '97807432735', '9999999999999', '978074327356X', '٩٧٨٠٧٤٣٢٧٣٥٦٥'],
  copies: [...NOT_WHOLE, 0, -1, 1001, 1e9],
  change: [...NOT_WHOLE, 0, 1_000_000_001, -1_000_000_001],
  position: [...NOT_WHOLE, 0, -1],
  rate: [...NOT_WHOLE, 0, -1, 1001],
  ids: [1, 'x', true, {}, [], [1], [null], ['x'], [[nobody]], [nobody, '1'], Array(10_001).fill(nobody)],
  true: [1, 'true', '', false, [], {}],
  amount: ['12.99', '', true, [], [1], {}, -1, -0.01, 12.999, 1e-7, 100_000_000.01, 1e21, 1e300],
  currency: [1, true, [], {}, '', 'usd', 'XXQ', 'US', 'USDD', '$', 'US\0', '\ud800'],
  moment: [
    1,
    true,
    [],
    {},
    '',
    'tomorrow',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
  ],
  news: [...TEXT, 'payment.lost', 'PAYMENT.RECEIVED', 'payment.received '],
  metric: [...TEXT, 'copies', 'Orders-per-hour', 'orders-per-hour '],
  comparison: [...TEXT, 'under', 'BELOW', '<'],
  object: [1, 'x', true, [], [[]], [{}]],
  list: [1, 'x', true, {}, [], [[]], [1], [null], ['x'], [[], []]],
} satisfies Record<string, unknown[]>;

interface Field {
  readonly kind: keyof typeof WRONG;
  readonly optional?: boolean;
}
const optional = (kind: Field['kind']): Field => ({ kind, optional: true });
const required = (kind: Field['kind']): Field => ({ kind });

const money = { 'price.amount': required('amount'), 'price.currency': optional('currency'), price: required('object') };
const letters = { letters: required('list'), 'letters[0].position': required('position') };

interface BodyRoute {
  /** Brings the shop to where the request would be done, and says what it would have to be. */
  readonly prepare: () => Promise<{ path: string; body: object; status: number }>;
  readonly fields: Readonly<Record<string, Field>>;
}

describe('Bad input', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeAll(async () => {
    shop = await Bookshelf.start({ environment: { INITIAL_STOCK: '1000' } });
    client = new Client(shop);
    await client.addBook({ isbn: gatsby.isbn });
  });
  afterAll(() => shop.close());

  const orderIn = async (...way: (keyof typeof MOVES)[]): Promise<string> => {
    const orderId = await client.order({ [await client.addBook()]: 1 });
    await client.move(orderId, ...way);
    return orderId;
  };

  const draftRule = async (): Promise<string> => {
    const rule = { metric: 'available-copies', comparison: 'above', threshold: 1_000_000 };
    return (await client.post('/alerts/rules', rule)).body.id;
  };

  const BODIES: Readonly<Record<string, BodyRoute>> = {
    'POST /books': {
      prepare: async () => {
        const body = {
          ...gatsby,
          isbn: '9780684801520',
          description: 'Green light.',
          publishAt: '2030-01-01T00:00:00Z',
        };
        return Promise.resolve({ path: '/books', body, status: 201 });
      },
      fields: {
        title: required('line'),
        author: required('line'),
        isbn: optional('isbn'),
        description: optional('lines'),
        publishAt: optional('moment'),
        ...money,
      },
    },
    'POST /books/publish': {
      prepare: async () => ({ path: '/books/publish', body: { bookIds: [await client.addBook()] }, status: 200 }),
      fields: { bookIds: required('ids'), all: optional('true') },
    },
    'POST /books/{id}/revise': {
      prepare: async () => {
        const body = {
          title: 'Emma',
          author: 'Jane Austen',
          isbn: '9780141439587',
          description: 'x',
          publishAt: '2030-01-01T00:00:00Z',
        };
        return { path: `/books/${await client.addBook()}/revise`, body, status: 200 };
      },
      fields: {
        title: optional('line'),
        author: optional('line'),
        isbn: optional('isbn'),
        description: optional('lines'),
        publishAt: optional('moment'),
      },
    },
    'POST /books/{id}/price': {
      prepare: async () => {
        const body = { price: { amount: 9.99, currency: 'USD' } };
        return { path: `/books/${await client.addBook()}/price`, body, status: 200 };
      },
      fields: money,
    },
    'POST /books/{id}/withdraw': {
      prepare: async () => {
        return { path: `/books/${await client.addBook()}/withdraw`, body: { reason: 'sold out' }, status: 200 };
      },
      fields: { reason: optional('line') },
    },
    'POST /books/{id}/waiting-list': {
      prepare: async () => {
        const bookId = await client.addBook();
        await shop.settle();
        return { path: `/books/${bookId}/waiting-list`, body: { email: alice.email }, status: 201 };
      },
      fields: { email: required('email') },
    },
    'POST /inventory/{bookId}/adjustments': {
      prepare: async () => {
        const body = { amount: 1, reason: 'counted' };
        return { path: `/inventory/${await client.addBook()}/adjustments`, body, status: 201 };
      },
      fields: { amount: required('change'), reason: required('line') },
    },
    'POST /orders': {
      prepare: async () => {
        const items = [{ bookId: await client.addBook(), quantity: 1 }];
        const body = { customer: alice, shippingAddress: address, items, expectedTotal: gatsby.price };
        return { path: '/orders', body, status: 201 };
      },
      fields: {
        customer: required('object'),
        'customer.name': required('line'),
        'customer.email': required('email'),
        shippingAddress: required('lines'),
        items: required('list'),
        'items[0].bookId': required('uuid'),
        'items[0].quantity': required('copies'),
        'expectedTotal.amount': required('amount'),
        'expectedTotal.currency': optional('currency'),
        expectedTotal: optional('object'),
      },
    },
    'POST /orders/{id}/ship': {
      prepare: async () => ({ path: `/orders/${await orderIn('confirm')}/ship`, body: MOVES.ship, status: 200 }),
      fields: { carrier: required('line'), trackingNumber: required('line') },
    },
    'POST /orders/{id}/cancel': {
      prepare: async () => ({ path: `/orders/${await orderIn()}/cancel`, body: MOVES.cancel, status: 200 }),
      fields: { reason: required('line') },
    },
    'POST /orders/{id}/return': {
      prepare: async () => {
        const orderId = await orderIn('confirm', 'ship', 'deliver');
        return { path: `/orders/${orderId}/return`, body: MOVES.return, status: 200 };
      },
      fields: { reason: required('line') },
    },
    'POST /payments': {
      prepare: async () => {
        const body = notice(await orderIn(), 12.99, { receivedAt: '2026-01-05T10:00:00Z' });
        return { path: '/payments', body, status: 202 };
      },
      fields: {
        id: required('line'),
        type: required('news'),
        orderId: required('uuid'),
        'amount.amount': required('amount'),
        'amount.currency': optional('currency'),
        amount: required('object'),
        receivedAt: optional('moment'),
      },
    },
    'POST /alerts/rules': {
      prepare: async () => {
        const body = {
          ...{ metric: 'revenue-per-day', comparison: 'below', threshold: 99.9, clearAt: 120.5, currency: 'USD' },
        };
        return Promise.resolve({ path: '/alerts/rules', body, status: 201 });
      },
      fields: {
        metric: required('metric'),
        comparison: required('comparison'),
        threshold: required('amount'),
        clearAt: optional('amount'),
        bookId: optional('uuid'),
        currency: optional('currency'),
        reaction: optional('line'),
      },
    },
    'POST /reactions/{name}/dead-letters/retry': {
      prepare: async () => {
        const path = '/reactions/inventory.open-stock/dead-letters/retry';
        // There are no dead letters here, so the best answer is that there is none.
        return Promise.resolve({ path, body: { letters: [{ position: 1 }] }, status: 404 });
      },
      fields: {
        ...letters,
        cause: optional('line'),
        all: optional('true'),
        perSecond: optional('rate'),
        reason: optional('line'),
      },
    },
    'POST /reactions/{name}/dead-letters/skip': {
      prepare: async () => {
        const path = '/reactions/inventory.open-stock/dead-letters/skip';
        return Promise.resolve({ path, body: { letters: [{ position: 1 }], reason: 'never mind' }, status: 404 });
      },
      fields: { ...letters, cause: optional('line'), all: optional('true'), reason: required('line') },
    },
    'POST /reactions/{name}/dead-letters/rehearse': {
      prepare: async () => {
        const path = '/reactions/inventory.open-stock/dead-letters/rehearse';
        return Promise.resolve({ path, body: { position: 1, reason: 'is it mended?' }, status: 404 });
      },
      fields: { position: required('position'), reason: optional('line') },
    },
    'POST /reactions/{name}/backfill': {
      prepare: async () => {
        const body = { reason: 'points for old friends' };
        return Promise.resolve({ path: '/reactions/loyalty.award-points/backfill', body, status: 202 });
      },
      fields: { reason: optional('line') },
    },
    'POST /reactions/{name}/rebuild': {
      prepare: async () => {
        const body = { reason: 'the list looks odd' };
        return Promise.resolve({ path: '/reactions/catalog.browse/rebuild', body, status: 202 });
      },
      fields: { reason: optional('line') },
    },
  };

  /** Commands that take no body, with an order or a book in a state that allows them. */
  const BODILESS: Readonly<Record<string, () => Promise<string>>> = {
    'POST /alerts/rules/{id}/activate': async () => `/alerts/rules/${await draftRule()}/activate`,
    'POST /alerts/rules/{id}/retire': async () => {
      const ruleId = await draftRule();
      await client.post(`/alerts/rules/${ruleId}/activate`);
      return `/alerts/rules/${ruleId}/retire`;
    },
    'POST /books/{id}/publish': async () => `/books/${await client.addBook()}/publish`,
    'POST /notifications/{id}/resend': async () => {
      const orderId = await orderIn();
      await shop.settle();
      const { items } = await client.see(`/notifications?orderId=${orderId}`);
      return `/notifications/${items[0].id}/resend`;
    },
    'POST /orders/{id}/confirm': async () => `/orders/${await orderIn()}/confirm`,
    'POST /orders/{id}/deliver': async () => `/orders/${await orderIn('confirm', 'ship')}/deliver`,
  };

  const REMOVALS = ['DELETE /books/{id}/waiting-list/{subscriptionId}'];

  /** Lists of books, which are read as they come in. */
  const STREAMED = ['POST /books/import'];

  const LISTS = [
    '/books',
    '/inventory',
    '/orders',
    '/notifications',
    '/shipments',
    '/alerts',
    '/alerts/rules',
    '/analytics/sales',
    '/analytics/best-sellers',
    '/events',
    '/reactions/inventory.open-stock/dead-letters',
    '/dead-letters',
  ];

  const READS: readonly string[] = [
    ...[
      'GET /books',
      'GET /books/{id}',
      'GET /books/{id}/recommendations',
      'GET /inventory',
      'GET /inventory/{bookId}',
      'GET /inventory/{bookId}/movements',
    ],
    ...[
      'GET /orders',
      'GET /orders/{id}',
      'GET /orders/{id}/timeline',
      'GET /notifications',
      'GET /notifications/{id}',
      'GET /loyalty/{email}',
      'GET /analytics/sales',
      'GET /analytics/best-sellers',
      'GET /analytics/funnel',
      'GET /payments/{orderId}',
      'GET /shipments',
      'GET /shipments/{orderId}',
      'GET /alerts',
      'GET /alerts/rules',
      'GET /alerts/rules/{id}',
      'GET /events',
      'GET /reactions',
    ],
    ...['GET /reactions/{name}', 'GET /reactions/{name}/dead-letters', 'GET /dead-letters'],
    ...[
      'GET /why/{kind}/{thing}',
      'GET /why/event/{position}',
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
    ],
  ];

  it('is tried on every route of the shop', () => {
    const tried = [...Object.keys(BODIES), ...Object.keys(BODILESS), ...REMOVALS, ...STREAMED, ...READS];
    const routes = routesOf(shop);
    expect({
      'add to BODIES, BODILESS, REMOVALS, STREAMED or READS of this file': routes.filter((one) => !tried.includes(one)),
      'are gone, so remove': tried.filter((one) => !routes.includes(one)),
    }).toEqual({
      'add to BODIES, BODILESS, REMOVALS, STREAMED or READS of this file': [],
      'are gone, so remove': [],
    });
  });

  const send = async (path: string, body: string | Buffer, type = 'application/json'): Promise<Response> =>
    // superagent would make JSON of a buffer.
    shop
      .http()
      .post(path)
      // Most routes take no notice of the signature.
      .set({ 'content-type': type, ...signed(body) })
      .serialize((bytes) => bytes as string)
      .send(body);

  /** The answer refuses, and says so in the way of this house. */
  const expectRefusal = (answer: Pick<Response, 'status' | 'text' | 'headers'>, why: unknown) => {
    expect([why, answer.status]).toEqual([why, expect.any(Number)]);
    expect([why, answer.status >= 400 && answer.status < 500]).toEqual([why, true]);
    const problem = problemOf(answer);
    if (problem.errors) {
      expect(problem.errors.length).toBeGreaterThan(0);
      for (const error of problem.errors) {
        expect(error).toEqual({ path: expect.any(String), message: expect.stringMatching(/^(must|is) /) });
      }
    }
    return problem;
  };

  /** Something else after each commit that has written anything. */
  async function commits(): Promise<unknown> {
    await shop.settle();
    if (isOnPostgres())
      return createHash('sha256')
        .update(JSON.stringify(await everythingStored(shop)))
        .digest('hex');
    return (await shop.rows('SELECT data_version AS version FROM pragma_data_version'))[0];
  }

  /** Whatever `work` sends leaves no trace in the shop. */
  const leavingNothing = async (work: () => Promise<void>): Promise<void> => {
    const before = await commits();
    await work();
    expect({ commits: await commits() }).toEqual({ commits: before });
    expect((await shop.http().get('/health/ready')).status).toBe(200);
  };

  it('would be noticed if it left anything', async () => {
    const stored = leavingNothing(async () => void (await client.addBook()));
    await expect(stored).rejects.toThrow('commits');
  });

  describe.each(Object.keys(BODIES))('for %s', (route) => {
    let path: string;
    let body: Json;
    let status: number;

    beforeAll(async () => {
      ({ path, body, status } = await BODIES[route].prepare());
    });

    it.each(Object.entries(BODIES[route].fields))(
      'in %s is refused, naming the field',
      async (field, { kind, ...rest }) => {
        await leavingNothing(async () => {
          for (const wrong of [...WRONG[kind], ...(rest.optional ? [] : [undefined, null])]) {
            const answer = await send(path, JSON.stringify(having(body, field, wrong)));
            const { status, errors = [] } = expectRefusal(answer, wrong);
            expect([wrong, status]).toEqual([wrong, 400]);
            expect([wrong, errors.map((error) => error.path)]).toEqual([
              wrong,
              expect.arrayContaining([expect.stringMatching(beginsWith(field))]),
            ]);
          }
        });
      },
    );

    it('with fields that are unknown, or reach where they should not, is refused', async () => {
      const json = JSON.stringify(body);
      const more = (text: string): string => json.replace(/^\{/, `{${text},`);
      await leavingNothing(async () => {
        for (const [text, field] of [
          [more('"colour":"red"'), 'colour'],
          [more('"":1'), ''],
          [more('"toString":1'), 'toString'],
          [more('"hasOwnProperty":null'), 'hasOwnProperty'],
          [more('"__proto__":{"price":1}'), '__proto__'],
          [more('"constructor":{"prototype":{"polluted":1}}'), 'constructor'],
          [more('"\\u0000":1'), '\uFFFD'],
          [more('"\\ud800":1'), '\uFFFD'],
          [more(`"${'x'.repeat(100_000)}":1`), 'xxx'],
        ]) {
          const { errors = [] } = expectRefusal(await send(path, text), text.slice(0, 80));
          if (field) expect(errors.map((error) => error.path)).toContainEqual(expect.stringMatching(beginsWith(field)));
        }
        expect(({} as Json).polluted).toBeUndefined();
      });
    });

    it('that is no object, or no JSON, or nothing, is refused', async () => {
      const needsNothing = Object.values(BODIES[route].fields).every((field) => field.optional);
      await leavingNothing(async () => {
        for (const text of [
          '[]',
          '[{}]',
          '1',
          '"x"',
          'true',
          'null',
          '{',
          '{"a":1}{}',
          'NaN',
          "{'a':1}",
          '{"a":}',
          '\0',
          ' ',
        ]) {
          expect([text, expectRefusal(await send(path, text), text).status]).toEqual([text, 400]);
        }
        expectRefusal(await send(path, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])), 'no UTF-8');
        expectRefusal(await send(path, Buffer.from(JSON.stringify(body), 'utf16le')), 'UTF-16');
        if (needsNothing) return;
        expectRefusal(await send(path, ''), 'empty');
        expectRefusal(await shop.http().post(path), 'none');
        expectRefusal(await send(path, '{}'), '{}');
      });
    });

    it('that is too deep or too large is refused', async () => {
      const deep = '['.repeat(49_000) + ']'.repeat(49_000);
      const deepObject = '{"a":'.repeat(49_000) + '1' + '}'.repeat(49_000);
      await leavingNothing(async () => {
        for (const text of [deep, deepObject, JSON.stringify(body).replace(/^\{/, `{"deep":${deep},`)]) {
          expect(expectRefusal(await send(path, text), 'deep')).toMatchObject({ status: 400, code: 'body-too-deep' });
        }
        const large = JSON.stringify({ ...body, title: 'x'.repeat(1024 * 1024) });
        expect(expectRefusal(await send(path, large), 'large')).toMatchObject({ status: 413, code: 'body-too-large' });
        const manyNames = JSON.stringify(body).replace(/^\{/, `{${MANY_NAMES},`).replace(',}', '}');
        expect(expectRefusal(await send(path, manyNames), 'names').status).toBe(400);
      });
    });

    it('of another kind than JSON is refused', async () => {
      const json = JSON.stringify(body);
      await leavingNothing(async () => {
        for (const type of [
          'text/xml',
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'x',
          'text/csv',
          'application/x-ndjson',
          'application/json5',
        ]) {
          const { status, code } = expectRefusal(await send(path, json, type), type);
          expect([type, status, code]).toEqual([type, 415, 'media-type-unsupported']);
        }
      });
    });

    it('leaves the way open for what is right', async () => {
      const answer = await send(path, JSON.stringify(body), 'application/json; charset=utf-8');
      expect([answer.status, status === 404 || answer.text]).toEqual([status, status === 404 || answer.text]);
    });
  });

  it.each(Object.keys(BODILESS))('that is no JSON is refused where no body is needed: %s', async (route) => {
    const path = await BODILESS[route]();
    await leavingNothing(async () => {
      for (const text of ['{', '\0', '{"a":"\\u0000"}', '{"__proto__":{}}', '['.repeat(49_000)]) {
        expect(expectRefusal(await send(path, text), text.slice(0, 50)).status).toBe(400);
      }
      expect(expectRefusal(await send(path, '<a/>', 'text/xml'), 'xml').status).toBe(415);
      expect(expectRefusal(await send(path, ' '.repeat(1024 * 1024 + 1)), 'large').status).toBe(413);
    });
    const answer = await shop.http().post(path).set('content-type', 'application/json').send('');
    expect(answer.status).toBeLessThan(300);
  });

  it.each([
    [-0.01, 'must be a number that is not negative, such as 12.99'],
    [12.999, 'must have at most 2 decimals, as USD has'],
    [0.1 + 0.2, 'must have at most 2 decimals, as USD has'],
    [1e-7, 'must have at most 2 decimals, as USD has'],
    [100_000_000.01, 'must be at most 100000000'],
    [1e15, 'must be at most 100000000'],
    [Number.MAX_SAFE_INTEGER, 'must be at most 100000000'],
    [1e21, 'must be at most 100000000'],
    [1e300, 'must be at most 100000000'],
    ['12.99', 'must be a number'],
  ])('in a price is told which rule is broken: %d', async (amount, message) => {
    const answer = await send('/books', JSON.stringify({ ...gatsby, price: { amount, currency: 'USD' } }));
    expect(expectRefusal(answer, amount).errors).toEqual([{ path: 'price.amount', message }]);
  });

  describe('in an order', () => {
    const order = async (items: unknown): Promise<Response> =>
      send('/orders', JSON.stringify({ customer: alice, shippingAddress: address, items }));

    it('of the same book twice is refused, naming the second', async () => {
      const bookId = await client.addBook();
      await leavingNothing(async () => {
        for (const again of [bookId, bookId.toUpperCase()]) {
          const items = [
            { bookId, quantity: 1 },
            { bookId: again, quantity: 2 },
          ];
          expect(expectRefusal(await order(items), again)).toMatchObject({
            status: 400,
            code: 'book-ordered-twice',
            errors: [{ path: 'items[1].bookId', message: 'must not name a book a second time' }],
          });
        }
      });
    });

    it('of more lines than an order has is refused with one complaint', async () => {
      const bookId = await client.addBook();
      await leavingNothing(async () => {
        for (const count of [101, 10_000]) {
          const items = Array.from({ length: count }, () => ({ bookId, quantity: 1 }));
          expect(expectRefusal(await order(items), count).errors).toEqual([
            { path: 'items', message: 'must be a list of 1 to 100 objects' },
          ]);
        }
        // Short enough for 1 MB.
        const { errors } = expectRefusal(
          await order(Array.from({ length: 30_000 }, () => ({ quantity: 'x' }))),
          30_000,
        );
        expect(errors).toEqual([{ path: 'items', message: 'must be a list of 1 to 100 objects' }]);
      });
    });

    it('names every wrong line, up to twenty, and counts the rest', async () => {
      await leavingNothing(async () => {
        const answer = await order(Array.from({ length: 100 }, () => ({ bookId: 'x', quantity: -1, price: 1 })));
        const { errors, ...problem } = expectRefusal(answer, 'lines');
        expect(errors).toHaveLength(20);
        expect(problem).toMatchObject({ detail: '300 fields are wrong.', moreErrors: 280 });
      });
    });

    it('cannot set its own price, title or state', async () => {
      const bookId = await client.addBook();
      await leavingNothing(async () => {
        const items = [{ bookId, quantity: 1, title: 'Free', unitPrice: { amount: 0, currency: 'USD' } }];
        const answer = await send(
          '/orders',
          JSON.stringify({ customer: alice, shippingAddress: address, items, status: 'DELIVERED', total: 0 }),
        );
        expect(expectRefusal(answer, 'own price').errors?.map(({ path }) => path)).toEqual([
          'items[0].title',
          'items[0].unitPrice',
          'status',
          'total',
        ]);
      });
    });
  });

  it.each([
    [{ bookIds: [nobody], all: true }, 'all', 'choice-double'],
    [{}, 'bookIds', 'choice-missing'],
  ])('in the choice of books to publish is refused: %j', async (body, path, code) => {
    await leavingNothing(async () => {
      const problem = expectRefusal(await send('/books/publish', JSON.stringify(body)), code);
      expect([problem.status, problem.code, problem.errors?.map((error) => error.path)]).toEqual([400, code, [path]]);
    });
  });

  describe('for a list of books', () => {
    const list = 'title,author,price\nEmma,Jane Austen,12.99\n';

    it.each<[why: string, status: number, query: string, body: string | Buffer, type: string]>([
      ['JSON is no list', 415, '', '{"title":"Emma"}', 'application/json'],
      ['XML is no list', 415, '', '<books/>', 'text/xml'],
      ['there is nothing in it', 400, '', '', 'text/csv'],
      ['it does not say which column is the title', 400, '', 'name,author\nEmma,Jane Austen\n', 'text/csv'],
      ['the price is negative', 400, '?price=-1', list, 'text/csv'],
      ['the price is no number', 400, '?price=cheap', list, 'text/csv'],
      ['the price has too many decimals', 400, '?price=1.005', list, 'text/csv'],
      ['the currency is unknown', 400, '?price=1&currency=XYZ', list, 'text/csv'],
      ['the parameter is unknown', 400, '?cost=1', list, 'text/csv'],
      ['it is to be published perhaps', 400, '?publish=perhaps', list, 'text/csv'],
    ])('is refused when %s', async (why, status, query, body, type) => {
      await leavingNothing(async () => {
        const problem = expectRefusal(await send(`/books/import${query}`, body, type), why);
        expect(problem.status).toBe(status);
      });
    });

    it('takes in nothing of a row that breaks a rule, and says which', async () => {
      await leavingNothing(async () => {
        const rows = [
          '"",Nobody,1',
          `${'x'.repeat(201)},A,1`,
          'Emma,Jane Austen,-1',
          'Emma,Jane Austen,1.005',
          'A\u0000,B,1',
        ];
        const { status, text } = await send('/books/import', `title,author,price\n${rows.join('\n')}\n`, 'text/csv');
        const lines = text
          .trim()
          .split('\n')
          .map((line): Json => JSON.parse(line));
        const refused = lines.filter((line) => line.refused).map((line) => line.refused.line);
        expect(status).toBe(200);
        // Each row is a command of its own, and the answers come as they come.
        expect(refused.sort()).toEqual([2, 3, 4, 5, 6]);
        expect(lines.at(-1)).toMatchObject({ summary: { read: 5, added: 0, refused: 5 } });
      });
    });
  });

  describe('in a path', () => {
    const withId = [...Object.keys(BODIES), ...Object.keys(BODILESS), ...REMOVALS, ...READS].filter((route) =>
      /\{(id|bookId|orderId)\}/.test(route),
    );
    const ask = async (route: string, id: string): Promise<Response> => {
      const [method, path] = route.split(' ');
      const url = path.replace(/\{\w+\}/, id);
      if (method === 'GET') return shop.http().get(url);
      const { body } = (await BODIES[route]?.prepare()) ?? {};
      return shop.http().post(url).send(body);
    };

    it.each(withId)('is refused, and what does not exist is not found: %s', async (route) => {
      const [, name] = /\{(\w+)\}/.exec(route)!;
      const bodies = await BODIES[route]?.prepare();
      await leavingNothing(async () => {
        const [method, path] = route.split(' ');
        const ways = { GET: 'get', POST: 'post', DELETE: 'delete' } as const;
        const on = async (id: string): Promise<Response> =>
          shop
            .http()
            [ways[method as keyof typeof ways]](path.replace('{subscriptionId}', nobody).replace(/\{\w+\}/, id))
            .send(bodies?.body);
        for (const id of [
          '1',
          'x'.repeat(36),
          `${nobody}0`,
          `%7B${nobody}%7D`,
          'null',
          'constructor',
          '%20',
          "'%20OR%201=1--",
          '..%2F..',
          '%00',
          `${nobody.slice(1)}%00`,
        ]) {
          const problem = expectRefusal(await on(id), id);
          expect([id, problem.status, problem.errors]).toEqual([
            id,
            400,
            [{ path: name, message: expect.any(String) }],
          ]);
        }
        for (const id of ['%ED%A0%80', '%ff', '%', '%E0%A4%A']) {
          expect([id, expectRefusal(await on(id), id).code]).toEqual([id, 'url-malformed']);
        }
        expect(expectRefusal(await on('x'.repeat(600)), 'long')).toMatchObject({ status: 414, code: 'url-too-long' });
        expect(expectRefusal(await on(nobody), nobody).status).toBe(404);
        expect(expectRefusal(await on(''), 'none').status).toBe(404);
      });
    });

    it('finds an id in capitals, too', async () => {
      const bookId = await client.addBook();
      expect((await ask('GET /books/{id}', bookId.toUpperCase())).body).toMatchObject({ id: bookId });
    });

    it('that leads nowhere is not found', async () => {
      await leavingNothing(async () => {
        for (const path of [
          '/',
          '/nope',
          '/book',
          '/books/',
          '//books',
          '/Books',
          `/books/${nobody}/steal`,
          '/../etc/passwd',
          '/%2e%2e/etc/passwd',
          `/${'a'.repeat(5_000)}`,
          '/.env',
          '/books;x=1',
        ]) {
          for (const method of ['get', 'post', 'delete'] as const) {
            const problem = expectRefusal(await shop.http()[method](path), path);
            expect([path, problem.status]).toEqual([path, 404]);
          }
        }
      });
    });
  });

  it('in the method is refused, with those that would do', async () => {
    const routes = routesOf(shop).map((route) => route.split(' '));
    const paths = [...new Set(routes.map(([, path]) => path))];
    await leavingNothing(async () => {
      for (const path of paths) {
        const url = path.replace(/\{\w+\}/, nobody);
        // `/books/import` is a `/books/{id}` as well, for the methods that it does not have itself.
        const own = [...new Set(routes.filter(([, other]) => leadsTo(other, url)).map(([method]) => method))];
        const allowed = [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort();
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
          if (own.includes(method)) continue;
          const verb = method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
          const answer = await shop.http()[verb](url);
          expect([method, url, expectRefusal(answer, url).code]).toEqual([method, url, 'method-not-allowed']);
          expect(answer.status).toBe(405);
          expect(answer.get('allow')?.split(', ').sort()).toEqual(allowed);
        }
        const options = await shop.http().options(url);
        expect([url, options.status, options.get('allow')?.split(', ').sort()]).toEqual([url, 204, allowed]);
        expect(options.text).toBe('');
      }
    });
  });

  it('can be looked for with HEAD: the same as GET, without the body', async () => {
    const bookId = await client.addBook();
    // What follows from the book must not come between the two.
    await shop.settle();
    for (const path of ['/books', `/books/${bookId}`, `/books/${nobody}`, '/books/1', '/books?limit=0', '/events']) {
      const [head, get] = [await shop.http().head(path), await shop.http().get(path)];
      expect([path, head.status, head.text ?? '']).toEqual([path, get.status, '']);
      expect(head.get('content-type')).toBe(get.get('content-type'));
      expect(head.get('content-length')).toBe(get.get('content-length'));
    }
  });

  it.each(LISTS)('in the query of %s is refused, naming the parameter', async (path) => {
    await leavingNothing(async () => {
      for (const [query, parameter] of [
        ...['0', '-1', '201', '1e9', '1.5', '', '%20', 'x', '0x10', '1e1', 'NaN', 'Infinity', '9'.repeat(400)].map(
          (limit) => [`limit=${limit}`, 'limit'],
        ),
        ['limit[]=1', 'limit[]'],
        ['limit[a]=1', 'limit[a]'],
        ['limit=1&limit=2', 'limit'],
        ['limit=1&limit=1', 'limit'],
        ['cursor=', 'cursor'],
        ['cursor=x', 'cursor'],
        ['cursor=a&cursor=b', 'cursor'],
        [`cursor=${'a'.repeat(5_000)}`, 'cursor'],
        ['colour=red', 'colour'],
        ['=1', ''],
        ['__proto__=1', '__proto__'],
        ['__proto__[limit]=1', '__proto__[limit]'],
        ['constructor=1', 'constructor'],
        ['toString=1', 'toString'],
        ['a%00b=1', 'a\uFFFDb'],
        ['limit=%00', 'limit'],
        ['limit=%ED%A0%80', 'limit'],
        ['limit=%ff', 'limit'],
        ['limit=%', 'limit'],
        ['%=1', '%'],
      ]) {
        const { status, errors = [] } = expectRefusal(await shop.http().get(`${path}?${query}`), query);
        expect([query, status]).toEqual([query, 400]);
        if (parameter)
          expect([query, errors.map((error) => error.path)]).toEqual([query, expect.arrayContaining([parameter])]);
      }
      const many = Array.from({ length: 1_500 }, (_, at) => `p${at}=1`).join('&');
      expect(expectRefusal(await shop.http().get(`${path}?${many}`), 'many').status).toBe(400);
    });
    expect((await shop.http().get(`${path}?limit=1`)).status).toBe(200);
  });

  it('for what is no position is refused where an event is to be explained', async () => {
    for (const position of ['x', '-1', '1.5', '1e3', '%20', '9'.repeat(30), 'constructor']) {
      const { status, errors } = expectRefusal(await shop.http().get(`/why/event/${position}`), position);
      expect([position, status, errors]).toEqual([
        position,
        400,
        [{ path: 'position', message: 'must be a position in the log' }],
      ]);
    }
  });

  it('in the text of a filter is refused on every list that has filters', async () => {
    await leavingNothing(async () => {
      for (const filter of [
        '/books?search',
        '/books?author',
        '/books?minPrice',
        '/books?maxPrice',
        '/books?currency',
        '/orders?email',
        '/orders?status',
        '/shipments?status',
        '/analytics/sales?from',
        '/analytics/sales?to',
        '/analytics/best-sellers?period',
        '/events?stream',
        '/events?type',
        '/events?correlationId',
        '/why/event/1?reaction',
        '/why/book/1?reaction',
      ]) {
        const name = filter.split('?')[1];
        for (const value of ['', '%20', 'a%00b', '%ED%A0%80', '%F0%28', 'x'.repeat(2_000), 'a%0Ab']) {
          const { status, errors } = expectRefusal(await shop.http().get(`${filter}=${value}`), [filter, value]);
          expect([filter, value, status, errors?.[0].path]).toEqual([filter, value, 400, name]);
        }
      }
    });
  });

  describe('on the wire', () => {
    /** Says something to the shop that no HTTP client would, and reads until the connection ends. */
    const say = async (bytes: string | Buffer): Promise<Pick<Response, 'status' | 'text' | 'headers'>> => {
      const { hostname, port } = new URL(await shop.url);
      const heard = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => socket.write(bytes));
        let text = '';
        socket.setEncoding('utf8');
        socket.on('data', (more: string) => (text += more));
        socket.on('error', (error) => (text ? resolve(text) : reject(error)));
        socket.on('close', () => resolve(text));
      });
      const [head, text] = heard.split('\r\n\r\n', 2);
      const [statusLine, ...lines] = head.split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
      );
      return { status: Number(statusLine.split(' ')[1]), text: text ?? '', headers };
    };
    const get = (headers: string, path = '/books'): string =>
      `GET ${path} HTTP/1.1\r\nConnection: close\r\n${headers}\r\n\r\n`;
    const post = (headers: string, body = ''): string =>
      `POST /books HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`;

    it.each<[what: string, bytes: string | Buffer, status: number]>([
      ['is no HTTP', 'HELO shop\r\n\r\n', 400],
      ['is TLS', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), 400],
      ['has no method that anybody knows', 'STEAL /books HTTP/1.1\r\nHost: shop\r\n\r\n', 400],
      ['is of no version', 'GET /books HTTP/9.9\r\nHost: shop\r\n\r\n', 400],
      ['has a path without a slash', 'GET books HTTP/1.1\r\nHost: shop\r\n\r\n', 400],
      ['has a header without a colon', get('Host: shop\r\nnonsense'), 400],
      ['has NUL in a header', get('Host: shop\r\nX: a\0b'), 400],
      ['has no Host', get('X: 1'), 400],
      ['expects what nobody does', post('Expect: a-miracle\r\nContent-Length: 2', '{}'), 417],
      ['has a length that is no number', post('Content-Length: many'), 400],
      ['has a negative length', post('Content-Length: -1'), 400],
      ['has two lengths', post('Content-Length: 2\r\nContent-Length: 3', '{}'), 400],
      ['has a length and chunks', post('Content-Length: 2\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
      ['has chunks of no size', post('Transfer-Encoding: chunked', 'zz\r\n{}\r\n0\r\n\r\n'), 400],
      ['has one header of 100 kB', get(`Host: shop\r\nX: ${'a'.repeat(100_000)}`), 431],
      [
        'has 3,000 headers',
        get(`Host: shop\r\n${Array.from({ length: 3_000 }, (_, at) => `X${at}: 1`).join('\r\n')}`),
        431,
      ],
      ['has a path of 100 kB', get('Host: shop', `/${'a'.repeat(100_000)}`), 431],
      ['announces 10 MB', post(`Content-Length: ${10 * 1024 * 1024}`, '{"title":"'), 413],
      [
        'sends more than 1 MB in chunks',
        post('Transfer-Encoding: chunked', `180000\r\n${' '.repeat(0x180000)}\r\n`),
        413,
      ],
    ])('%s: it is refused', async (_, bytes, status) => {
      await leavingNothing(async () => {
        const answer = await say(bytes);
        expect(expectRefusal(answer, answer).status).toBe(status);
      });
    });

    it('of 10 MB is refused, and an ordinary client hears why', async () => {
      const ten = JSON.stringify({ ...gatsby, title: 'x'.repeat(10 * 1024 * 1024) });
      await leavingNothing(async () => {
        for (let round = 0; round < 3; round++) {
          const answer = await fetch(`${await shop.url}/books`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: ten,
          });
          expect([answer.status, ((await answer.json()) as Json).code]).toEqual([413, 'body-too-large']);
        }
      });
    });

    it('that breaks off has no effect', async () => {
      const { hostname, port } = new URL(await shop.url);
      const json = JSON.stringify({ ...gatsby, isbn: undefined });
      await leavingNothing(async () => {
        await Promise.all(
          [0, 1, 20, json.length - 1].map(
            (length) =>
              new Promise<void>((resolve) => {
                const socket = connect(Number(port), hostname, () =>
                  socket.write(post(`Content-Length: ${Buffer.byteLength(json)}`, json.slice(0, length)), () => {
                    socket.resetAndDestroy();
                    resolve();
                  }),
                );
              }),
          ),
        );
        await shop.http().get('/health/live');
      });
    });

    it('that comes slowly holds nobody up, and is done when it is complete', async () => {
      const { hostname, port } = new URL(await shop.url);
      const json = JSON.stringify({ ...gatsby, isbn: undefined, title: 'The Slow Book' });
      const socket = connect(Number(port), hostname);
      const answered = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
      socket.write(post(`Content-Length: ${Buffer.byteLength(json)}`, json.slice(0, 10)));
      for (let at = 10; at < json.length; at += 40) {
        expect((await client.get('/books')).status).toBe(200);
        await client.addBook();
        socket.write(json.slice(at, at + 40));
      }
      expect(await answered).toMatch(/^HTTP\/1\.1 201 /);
      socket.destroy();
    });
  });

  it('of any shape, on any route that reads a body, is answered with a refusal and leaves nothing', async () => {
    const targets = await Promise.all(
      Object.entries(BODIES).map(async ([route, { prepare, fields }]) => {
        const { path, body } = await prepare();
        // Where every field may be left out, many a random body is right: those go to what does not exist.
        const open = Object.values(fields).every((field) => field.optional);
        return {
          route,
          path: open ? path.replace(/[0-9a-f-]{36}|catalog\.browse|loyalty\.award-points/, nobody) : path,
          body,
          fields: Object.keys(fields),
        };
      }),
    );
    const anything: fc.Arbitrary<unknown> = fc.oneof<fc.Arbitrary<unknown>[]>(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom<unknown>(...WRONG.amount, ...WRONG.copies, nobody, 'a', 'a\0', '\ud800', -0, 1e-320),
    );
    const spoiled = fc.constantFrom(...targets).chain(({ path, body, fields }) =>
      fc.record({
        path: fc.constant(path),
        body: fc.oneof(
          anything,
          fc
            .dictionary(fc.oneof(fc.constantFrom(...fields), fc.string()), anything)
            .map((random) => ({ ...random, unknown: 1 })),
          // What is right, but for an unknown field and one that may or may not be wrong.
          fc
            .tuple(fc.constantFrom(...fields), anything)
            .map(([field, value]) => ({ ...(having(body, field, value) as object), unknown: value })),
        ),
      }),
    );
    await leavingNothing(async () => {
      await fc.assert(
        fc.asyncProperty(spoiled, async ({ path, body }) => {
          expectRefusal(await send(path, JSON.stringify(body)), body);
        }),
        { numRuns: 200 },
      );
    });
  });
});

/** A copy of `body` with another value at a path such as `items[0].quantity`; undefined leaves the field out. */
function having(body: Json, path: string, value: unknown): Json {
  const copy = structuredClone(body);
  const names = path.split(/[.[\]]+/).filter(Boolean);
  const last = names.pop()!;
  names.reduce((part: Json, name) => part[name], copy)[last] = value;
  return copy;
}

const leadsTo = (path: string, url: string): boolean => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(url);

const beginsWith = (text: string): RegExp => new RegExp(`^${text.replace(/[.[\]*+?^${}()|\\]/g, '\\$&')}`);

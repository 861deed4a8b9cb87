import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsIn, IsOptional } from 'class-validator';
import * as fc from 'fast-check';
import request from 'supertest';
import { moneyToDecimal } from '../../kernel/money';
import { configureHttp } from './configure-http';
import { createFastifyAdapter } from './fastify';
import {
  Email,
  IdParam,
  ListOf,
  MoneyAmount,
  MoneyRequest,
  Moment,
  Nested,
  OneOf,
  PageQuery,
  QueryFlag,
  QueryWholeNumber,
  Text,
  Uuid,
  WholeNumber,
} from './fields';

class Line {
  @Uuid() bookId: string;
  @WholeNumber({ min: 1, max: 1000 }) quantity: number;
}

class Customer {
  @Text({ max: 100 }) name: string;
  @Email() email: string;
}

class Order {
  @Nested(() => Customer) customer: Customer;
  @ListOf(() => Line, { min: 1, max: 100 }) items: Line[];
}

class Huge {
  @ListOf(() => Line, { max: 50_000 }) items: Line[];
}

class Everything {
  @Text({ max: 5, optional: true }) title?: string;
  @Text({ max: 20, min: 3, multiline: true, optional: true }) description?: string;
  @WholeNumber({ min: -5, max: 2 ** 53 - 1, optional: true }) amount?: number;
  @Moment({ optional: true }) publishAt?: Date;
  @MoneyAmount({ optional: true }) price?: MoneyRequest;
  @OneOf(['red', 'blue'], { optional: true }) colour?: string;
  @IsOptional() @IsIn(['a', 'b'], { message: 'must be a or b' }) plain?: string;
  @Moment({ removable: true }) soldUntil?: Date | null;

  shout(): string {
    return `${this.title}!`;
  }
}

class Priced {
  @Text({ max: 200 }) title: string;
  @MoneyAmount() price: MoneyRequest;
}

class Browse extends PageQuery {
  @Text({ max: 10, optional: true }) search?: string;
  @QueryFlag() inStock?: boolean;
  @QueryWholeNumber({ min: 0, max: 100, optional: true }) after?: number;
}

@Controller('toys')
class ToyController {
  @Post('order')
  order(@Body() order: Order): unknown {
    return {
      order,
      made: [order instanceof Order, order.customer instanceof Customer, order.items[0] instanceof Line],
    };
  }

  @Post('huge')
  huge(@Body() { items }: Huge): unknown {
    return { length: items.length };
  }

  @Post('everything')
  everything(@Body() body: Everything): unknown {
    return { ...body, date: body.publishAt instanceof Date, shouted: body.shout() };
  }

  @Post('priced')
  priced(@Body() { price }: Priced): unknown {
    return { minor: price.toMoney(), decimal: moneyToDecimal(price.toMoney()) };
  }

  @Get()
  browse(@Query() query: Browse): unknown {
    return { ...query };
  }

  @Get(':id')
  find(@IdParam('id') id: string, @Param('id') asWritten: string): unknown {
    return { id, asWritten };
  }
}

@Module({ controllers: [ToyController] })
class ToyModule {}

describe('A request', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(ToyModule, createFastifyAdapter(), { logger: false });
    configureHttp(app);
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  const http = () => request(app.getHttpServer());
  const post = (path: string, body: unknown) =>
    http()
      .post(`/toys/${path}`)
      .set('content-type', 'application/json')
      .send(typeof body === 'string' ? body : JSON.stringify(body));
  /** The complaints, as `path message`. */
  const complaints = (answer: request.Response): string[] => {
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'request-invalid' });
    expect(answer.type).toBe('application/problem+json');
    expect(Buffer.byteLength(answer.text)).toBeLessThan(16_000);
    return answer.body.errors.map(({ path, message }: { path: string; message: string }) => `${path} ${message}`);
  };

  const bookId = '01997b2e-0000-7000-8000-00000000000A';
  const customer = { name: ' Alice Johnson ', email: 'alice@example.com' };

  it('arrives as instances of its classes, trimmed and in lower case where that is said', async () => {
    const answer = await post('order', { customer, items: [{ bookId, quantity: 2 }] });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      order: {
        customer: { name: 'Alice Johnson', email: 'alice@example.com' },
        items: [{ bookId: bookId.toLowerCase(), quantity: 2 }],
      },
      made: [true, true, true],
    });
  });

  it('hears about all its mistakes at once, each with its path', async () => {
    const answer = await post('order', {
      customer: { name: 7, email: 'nobody', title: 'Dr' },
      items: [{ bookId, quantity: 1 }, { bookId: 'x', quantity: 0 }, {}],
      coupon: 1,
    });
    expect(complaints(answer).sort()).toEqual([
      'coupon is not a known field',
      'customer.email must be an e-mail address such as alice@example.com',
      'customer.name must be text',
      'customer.title is not a known field',
      'items[1].bookId must be a UUID',
      'items[1].quantity must be a whole number from 1 to 1000',
      'items[2].bookId is required',
      'items[2].quantity is required',
    ]);
  });

  it('without a body lacks everything', async () => {
    const missing = ['customer is required', 'items is required'];
    expect(complaints(await http().post('/toys/order')).sort()).toEqual(missing);
    expect(complaints(await post('order', '')).sort()).toEqual(missing);
    expect(complaints(await post('order', '{"customer": null, "items": null}')).sort()).toEqual(missing);
  });

  it('may leave out what is optional, null included', async () => {
    expect((await post('everything', {})).status).toBe(201);
    const answer = await post('everything', { title: null, price: null, publishAt: null, plain: null });
    expect(answer.body).toEqual({ date: false, shouted: 'undefined!' });
  });

  it('says null where that removes what is there, and nothing else that is none', async () => {
    expect((await post('everything', { soldUntil: null })).body.soldUntil).toBeNull();
    expect((await post('everything', { soldUntil: '2026-12-24T18:00:00Z' })).body.soldUntil).toMatch(/^2026/);
    expect((await post('everything', {})).body).not.toHaveProperty('soldUntil');
    for (const soldUntil of ['null', '', 0, false]) {
      expect(complaints(await post('everything', { soldUntil }))).toEqual([
        expect.stringMatching(/^soldUntil must be a real date/),
      ]);
    }
  });

  it.each([
    [[[{ bookId, quantity: 1 }]], ['items[0] must be an object']],
    [[[]], ['items[0] must be an object']],
    [[null, 1, 'x', true], [0, 1, 2, 3].map((at) => `items[${at}] must be an object`)],
    [{ length: 1 }, ['items must be a list']],
    [{ 0: { bookId, quantity: 1 } }, ['items must be a list']],
    ['x', ['items must be a list']],
    [[], ['items must be a list of 1 to 100 objects']],
    [Array.from({ length: 101 }, () => 'bad'), ['items must be a list of 1 to 100 objects']],
  ])('has a list of objects and not %j', async (items, expected) => {
    expect(complaints(await post('order', { customer, items }))).toEqual(expected);
  });

  it.each([[[]], [[customer]], ['x'], [1], [true]])('has a customer that is an object and not %j', async (wrong) => {
    const answer = await post('order', { customer: wrong, items: [{ bookId, quantity: 1 }] });
    expect(complaints(answer)).toEqual(['customer must be an object']);
  });

  it.each(['0', '-1', '1001', '1.5', '1e99', '1e400', '"1"', 'true', '[1]', '{}', '9007199254740993', '1e-9'])(
    'has a quantity that is not %s',
    async (quantity) => {
      const body = `{"customer": ${JSON.stringify(customer)}, "items": [{"bookId": "${bookId}", "quantity": ${quantity}}]}`;
      expect(complaints(await post('order', body))).toEqual([
        'items[0].quantity must be a whole number from 1 to 1000',
      ]);
    },
  );

  it('tells large numbers from those that JSON cannot carry', async () => {
    expect((await post('everything', '{"amount": 9007199254740991}')).body.amount).toBe(9007199254740991);
    expect(complaints(await post('everything', '{"amount": 9007199254740993}'))).toHaveLength(1);
    expect((await post('everything', '{"amount": -5}')).body.amount).toBe(-5);
  });

  describe('with text', () => {
    it.each(['12345', '  12345\n', '😀😀😀😀😀', 'é'])('takes %j', async (title) => {
      expect((await post('everything', { title })).body.title).toBe(title.trim());
    });

    it.each([
      ['', 'must be 1 to 5 characters long'],
      [' \t\u00a0', 'must be 1 to 5 characters long'],
      ['123456', 'must be 1 to 5 characters long'],
      ['😀😀😀😀😀😀', 'must be 1 to 5 characters long'],
      ['x'.repeat(100_000), 'must be 1 to 5 characters long'],
      ['a\nb', 'must be a single line without control characters'],
      ['a\u2028b', 'must be a single line without control characters'],
      ['a\u001bb', 'must be a single line without control characters'],
      [5, 'must be text'],
      [['a'], 'must be text'],
      [{ toString: 1 }, 'must be text'],
    ])('refuses %j', async (title, message) => {
      expect(complaints(await post('everything', { title }))).toEqual([`title ${message}`]);
    });

    it('takes several lines where that is said', async () => {
      expect((await post('everything', { description: 'one\r\n\ttwo' })).body.description).toBe('one\r\n\ttwo');
      expect(complaints(await post('everything', { description: 'one\u0007' }))).toEqual([
        'description must not contain control characters',
      ]);
      expect(complaints(await post('everything', { description: 'é😀' }))).toEqual([
        'description must be 3 to 20 characters long',
      ]);
    });
  });

  describe('with a moment', () => {
    it.each([
      ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00.000Z'],
      ['2026-12-24t18:00:00.123456z', '2026-12-24T18:00:00.123Z'],
      ['2026-12-24T18:00:00+02:00', '2026-12-24T16:00:00.000Z'],
      ['2024-02-29T00:00:00-00:30', '2024-02-29T00:30:00.000Z'],
    ])('reads %s', async (publishAt, expected) => {
      expect((await post('everything', { publishAt })).body).toMatchObject({ publishAt: expected, date: true });
    });

    it.each([
      '2026-12-24',
      '2026-12-24T18:00:00',
      '2026-12-24 18:00:00Z',
      '2026-02-30T00:00:00Z',
      '2025-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-10T00:00:00Z',
      '2026-01-00T00:00:00Z',
      '2026-12-24T24:00:00Z',
      '2026-12-24T18:60:00Z',
      '2026-12-24T18:00:60Z',
      '2026-12-24T18:00:00+24:00',
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-01:00',
      'tomorrow',
      1,
      { getTime: 1 },
      ['2026-12-24T18:00:00Z'],
    ])('refuses %j', async (publishAt) => {
      expect(complaints(await post('everything', { publishAt }))).toEqual([
        'publishAt must be a real date and time with its zone, such as 2026-12-24T18:00:00Z',
      ]);
    });
  });

  describe('with money', () => {
    it.each([
      [
        { amount: 12.99, currency: 'USD' },
        { amount: 1299, currency: 'USD' },
      ],
      [{ amount: 1.1 }, { amount: 110, currency: 'USD' }],
      [
        { amount: 5, currency: null },
        { amount: 500, currency: 'USD' },
      ],
      [
        { amount: 500, currency: 'JPY' },
        { amount: 500, currency: 'JPY' },
      ],
      [
        { amount: 1.234, currency: 'KWD' },
        { amount: 1234, currency: 'KWD' },
      ],
      [{ amount: 0 }, { amount: 0, currency: 'USD' }],
    ])('reads %j', async (price, minor) => {
      expect((await post('priced', { title: 'x', price })).body.minor).toEqual(minor);
    });

    it.each([
      ['{"amount": 1.005}', 'price.amount must have at most 2 decimals, as USD has'],
      ['{"amount": 1.5, "currency": "JPY"}', 'price.amount must have at most 0 decimals, as JPY has'],
      ['{"amount": -1}', 'price.amount must be a number that is not negative, such as 12.99'],
      ['{"amount": 1e300}', 'price.amount must be at most 100000000'],
      ['{"amount": 1e999}', 'price.amount must be a number that is not negative, such as 12.99'],
      ['{"amount": 999999999999}', 'price.amount must be at most 100000000'],
      ['{"amount": "12.99"}', 'price.amount must be a number'],
      ['{"amount": [1]}', 'price.amount must be a number'],
      ['{}', 'price.amount is required'],
      ['{"amount": 1, "currency": "XXQ"}', 'price.currency must be an ISO 4217 currency code such as USD'],
      ['{"amount": 1, "currency": "usd"}', 'price.currency must be an ISO 4217 currency code such as USD'],
      ['{"amount": 1, "currency": 1}', 'price.currency must be text'],
      ['{"amount": 1, "toMoney": 1}', 'price.toMoney is not a known field'],
      ['12.99', 'price must be an object'],
      ['[{"amount": 1}]', 'price must be an object'],
    ])('refuses %s along with everything else that is wrong', async (price, message) => {
      expect(complaints(await post('priced', `{"price": ${price}}`)).sort()).toEqual(
        [message, 'title is required'].sort(),
      );
    });
  });

  it('may use the rules of class-validator, too', async () => {
    expect((await post('everything', { plain: 'a' })).body.plain).toBe('a');
    expect(complaints(await post('everything', { plain: 'c', colour: 'green' })).sort()).toEqual([
      'colour must be one of red, blue',
      'plain must be a or b',
    ]);
  });

  it('has no field that is called like a method of its class', async () => {
    expect(complaints(await post('everything', { shout: 1 }))).toEqual(['shout is not a known field']);
  });

  it('of 30,000 bad lines is told about the first 20', async () => {
    const items = Array.from({ length: 30_000 }, () => ({ quantity: 0 }));
    expect(complaints(await post('order', { customer, items }))).toEqual(['items must be a list of 1 to 100 objects']);

    const answer = await post('huge', { items });
    expect(complaints(answer)).toHaveLength(20);
    expect(answer.body).toMatchObject({ moreErrors: 59_980, detail: '60000 fields are wrong.' });
  });

  it('of 80,000 unknown fields is told about the first 20', async () => {
    const body = Object.fromEntries(Array.from({ length: 80_000 }, (_, at) => [`f${at}`, 1]));
    const answer = await post('everything', body);
    expect(complaints(answer)).toHaveLength(20);
    expect(answer.body.moreErrors).toBe(79_980);
  });

  it('is not echoed at length', async () => {
    const answer = await post(
      'everything',
      Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}\u{1F600}`.repeat(3000), 1])),
    );
    expect(complaints(answer).length).toBeGreaterThan(0);
    const controls = await post(
      'everything',
      Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}${'\u0001'.repeat(900)}`, 1])),
    );
    expect(complaints(controls).length).toBeGreaterThan(0);
  });

  describe('in a query string', () => {
    it('has defaults, flags and numbers', async () => {
      expect((await http().get('/toys')).body).toEqual({ limit: 50 });
      expect((await http().get('/toys?limit=200&cursor=abc_-&inStock=false&after=007&search=%20x%20')).body).toEqual({
        limit: 200,
        cursor: 'abc_-',
        inStock: false,
        after: 7,
        search: 'x',
      });
    });

    it.each([
      ['limit=0', 'limit must be a whole number from 1 to 200'],
      ['limit=201', 'limit must be a whole number from 1 to 200'],
      ['limit=', 'limit must be a whole number from 1 to 200'],
      ['limit=1e2', 'limit must be a whole number from 1 to 200'],
      ['limit=%2010', 'limit must be a whole number from 1 to 200'],
      ['limit=0x10', 'limit must be a whole number from 1 to 200'],
      ['limit=10&limit=10', 'limit must be a whole number from 1 to 200'],
      ['limit=99999999999999999999', 'limit must be a whole number from 1 to 200'],
      ['after=-1', 'after must be a whole number from 0 to 100'],
      ['inStock=1', 'inStock must be true or false'],
      ['inStock=TRUE', 'inStock must be true or false'],
      ['inStock', 'inStock must be true or false'],
      ['inStock=true&inStock=true', 'inStock must be true or false'],
      ['search=', 'search must be 1 to 10 characters long'],
      ['search=a&search=b', 'search must be text'],
      ['cursor=', 'cursor must be the `next` of an earlier page'],
      ['cursor=a.b', 'cursor must be the `next` of an earlier page'],
      ['page=2', 'page is not a known field'],
      ['search[]=2', 'search[] is not a known field'],
      ['__proto__=2', '__proto__ is not a known field'],
      ['constructor=2', 'constructor is not a known field'],
      ['toString=2', 'toString is not a known field'],
    ])('refuses ?%s', async (query, complaint) => {
      expect(complaints(await http().get(`/toys?${query}`))).toEqual([complaint]);
    });
  });

  describe('with an id in its path', () => {
    it('reads it in lower case', async () => {
      expect((await http().get(`/toys/${bookId}`)).body).toEqual({ id: bookId.toLowerCase(), asWritten: bookId });
    });

    it.each(['1', 'x'.repeat(36), `${bookId}0`, `%7B${bookId}%7D`, 'constructor'])('refuses %s', async (id) => {
      const answer = await http().get(`/toys/${id}`);
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'id-invalid' });
      expect(answer.body.errors).toEqual([{ path: 'id', message: 'must be a UUID' }]);
    });
  });

  it('of any shape is answered with 201 or 400', async () => {
    const leaf = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(bookId, 'alice@example.com', 12.99, 'USD', 1, -0, '', '2026-01-01T00:00:00Z', 'a', 'red'),
    );
    const some = (names: string[], value: fc.Arbitrary<unknown>) =>
      fc
        .array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), value))
        .map((pairs) => Object.fromEntries(pairs));
    const part = fc.oneof(leaf, some(['name', 'email', 'bookId', 'quantity', 'amount', 'currency', 'toMoney'], leaf));
    const body = some(
      ['customer', 'items', 'title', 'description', 'amount', 'publishAt', 'price', 'colour', 'plain', 'shout'],
      fc.oneof(part, fc.array(fc.oneof(part, fc.array(part)))),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('order', 'everything', 'priced', 'huge'), body, async (path, payload) => {
        const answer = await app.inject({ method: 'POST', url: `/toys/${path}`, payload });
        expect([201, 400]).toContain(answer.statusCode);
        expect(Buffer.byteLength(answer.body)).toBeLessThan(16_000);
      }),
      { numRuns: 300 },
    );
  });
});

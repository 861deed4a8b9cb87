import {
  BadRequestException,
  ConflictException,
  Controller,
  Get,
  HttpException,
  InternalServerErrorException,
  Logger,
  Module,
  NotFoundException,
  Param,
  Res,
  ServiceUnavailableException,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServerResponse } from 'node:http';
import request from 'supertest';
import { DomainError, Invalid, NotFound, Refused, Unavailable } from '../../kernel/domain-error';
import { configureHttp } from './configure-http';
import { createFastifyAdapter } from './fastify';
import { Problem, ServiceUnavailable } from './problem';

class OutOfStock extends Refused {
  constructor(books: unknown) {
    super('out-of-stock', 'only 1 copy is left', { books });
  }
}

class Odd extends DomainError {}

const circle: Record<string, unknown> = {};
circle.circle = circle;

const coded = (code: string): Error => Object.assign(new Error('SQLITE: secret path /var/lib'), { code });

const errors: Record<string, () => unknown> = {
  missing: () => new NotFound('book-not-found', 'there is no book 7'),
  refused: () => new OutOfStock([{ bookId: 'a', available: 1 }]),
  odd: () => new Odd('odd', 'a rule of its own kind'),
  invalid: () => new Invalid('isbn-invalid', 'isbn', 'must be an ISBN-13'),
  huge: () => new OutOfStock(Array.from({ length: 5000 }, (_, at) => ({ bookId: at }))),
  circular: () => new OutOfStock(circle),
  bigint: () => new OutOfStock(1n),
  long: () => new Refused('long', `${'é😀'.repeat(10_000)}`),
  closing: () => new Unavailable('shutting-down', 'the shop is closing', 0.5),
  behind: () => new ServiceUnavailable('reactions-behind', 'still working on it', 1.2),
  busyWithoutTime: () => new ServiceUnavailable('draining', 'shutting down'),
  problem: () => new Problem(418, 'teapot', 'short and stout'),
  conflict: () => new ConflictException('taken'),
  bad: () => new BadRequestException(['one', 'two']),
  ours: () => new NotFoundException('no such toy'),
  health: () => new ServiceUnavailableException({ status: 'error', error: { database: { status: 'down' } } }),
  teapot: () => new HttpException('nothing', 418),
  nest500: () => new InternalServerErrorException('secret'),
  busy: () => coded('SQLITE_BUSY'),
  full: () => coded('SQLITE_FULL'),
  wrapped: () => Object.assign(new Error('secret'), { driverError: coded('SQLITE_BUSY') }),
  constraint: () => coded('SQLITE_CONSTRAINT'),
  fastify: () => Object.assign(new Error('secret'), { statusCode: 403 }),
  bug: () => new TypeError('secret is not a function'),
  text: () => 'secret',
  nothing: () => undefined,
  nobody: () => null,
};

@Controller()
class ToyController {
  @Get('throw/:name')
  throw(@Param('name') name: string): never {
    throw errors[name]();
  }

  @Get('half')
  half(@Res() reply: { raw: ServerResponse; hijack(): void }): never {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/plain' });
    reply.raw.write('half of it');
    throw new Error('in the middle');
  }
}

@Module({ controllers: [ToyController] })
class ToyModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(() => {
        throw new Refused('closed', 'the shop is closed');
      })
      .forRoutes('throw/in-middleware');
  }
}

describe('Every error', () => {
  let app: NestFastifyApplication;
  let logged: jest.SpyInstance;

  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(ToyModule, createFastifyAdapter(), { logger: ['error'] });
    configureHttp(app);
    await app.listen(0, '127.0.0.1');
  });
  beforeEach(() => {
    logged = jest.spyOn(Logger.prototype, 'error').mockImplementation();
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => app.close());

  const thrown = (name: string) => request(app.getHttpServer()).get(`/throw/${name}`);

  it('has a type, a title, a status, a detail and a code', async () => {
    const answer = await thrown('missing');
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toEqual({
      type: 'urn:bookshelf:problem:book-not-found',
      title: 'Not Found',
      status: 404,
      detail: 'there is no book 7',
      code: 'book-not-found',
    });
  });

  it('says which field breaks a rule', async () => {
    const answer = await thrown('invalid');
    expect(answer.body).toMatchObject({
      status: 400,
      detail: 'isbn must be an ISBN-13',
      errors: [{ path: 'isbn', message: 'must be an ISBN-13' }],
    });
  });

  it('carries what a refusal is about', async () => {
    const answer = await thrown('refused');
    expect(answer.body).toMatchObject({ status: 409, details: { books: [{ bookId: 'a', available: 1 }] } });
  });

  it.each([
    ['odd', 409, 'odd'],
    ['closing', 503, 'shutting-down'],
    ['behind', 503, 'reactions-behind'],
    ['problem', 418, 'teapot'],
    ['conflict', 409, 'conflict'],
    ['bad', 400, 'request-invalid'],
    ['ours', 404, 'not-found'],
    ['health', 503, 'service-unavailable'],
    ['teapot', 418, 'i-m-a-teapot'],
    ['busy', 503, 'database-busy'],
    ['wrapped', 503, 'database-busy'],
    ['full', 507, 'storage-full'],
    ['fastify', 403, 'forbidden'],
    ['in-middleware', 409, 'closed'],
  ])('finds its status: %s is %i %s', async (name, status, code) => {
    const answer = await thrown(name);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ status, code, type: `urn:bookshelf:problem:${code}` });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/secret/i);
  });

  it('says when to come back, if that is known', async () => {
    expect((await thrown('behind')).headers['retry-after']).toBe('2');
    expect((await thrown('closing')).headers['retry-after']).toBe('1');
    expect((await thrown('busyWithoutTime')).headers['retry-after']).toBeUndefined();
  });

  it('keeps the report of a health check', async () => {
    expect((await thrown('health')).body.details).toEqual({ status: 'error', error: { database: { status: 'down' } } });
  });

  it.each(['bug', 'text', 'nothing', 'nobody', 'nest500', 'constraint'])(
    'that nobody foresaw tells nothing and is logged once: %s',
    async (name) => {
      const answer = await thrown(name);
      expect(answer.body).toEqual({
        type: 'urn:bookshelf:problem:internal-error',
        title: 'Internal Server Error',
        status: 500,
        detail: 'Something went wrong on our side. It has been logged.',
        code: 'internal-error',
      });
      expect(logged).toHaveBeenCalledTimes(1);
    },
  );

  it('that a client can mend is not logged', async () => {
    for (const name of ['missing', 'refused', 'invalid', 'behind', 'busy', 'nowhere/at/all']) await thrown(name);
    expect(logged).not.toHaveBeenCalled();
  });

  it.each(['huge', 'circular', 'bigint', 'long'])('is shorter than 16 kB: %s', async (name) => {
    const answer = await thrown(name);
    expect(answer.body.status).toBe(409);
    expect(Buffer.byteLength(answer.text)).toBeLessThan(16_000);
  });

  it('after half an answer breaks the connection, as the half must not look whole', async () => {
    await expect(request(app.getHttpServer()).get('/half')).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect((await thrown('missing')).status).toBe(404);
  });
});

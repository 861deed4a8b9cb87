import { Body, Controller, Delete, Get, Module, Param, Post, Query, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RouteConfig, type NestFastifyApplication } from '@nestjs/platform-fastify';
import * as fc from 'fast-check';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import request from 'supertest';
import { configureHttp } from './configure-http';
import { createFastifyAdapter } from './fastify';
import { Text } from './fields';

class Note {
  @Text({ max: 100, optional: true }) title?: string;
}

/** What the slow route waits for. */
const slow = { promise: Promise.resolve('already') };

@Controller('notes')
class ToyController {
  @Post()
  write(@Body() note: Note): unknown {
    return { note };
  }

  @Post('anything')
  anything(@Body() body: unknown, @Req() { rawBody }: { rawBody?: Buffer }): unknown {
    return { body, type: typeof body, bytes: rawBody?.length };
  }

  @Post('import')
  @RouteConfig({ streams: true })
  async import(@Body() lines: Readable): Promise<unknown> {
    return { length: (await text(lines)).length };
  }

  @Get('search')
  search(@Query() query: unknown): unknown {
    return query;
  }

  @Get('slow')
  async slow(): Promise<unknown> {
    return { slow: await slow.promise };
  }

  @Get(':id')
  find(@Param('id') id: string): unknown {
    return { id };
  }

  @Delete(':id')
  remove(@Param('id') id: string): unknown {
    return { id };
  }
}

@Module({ controllers: [ToyController] })
class ToyModule {}

describe('The HTTP server', () => {
  let app: NestFastifyApplication;
  let port: number;

  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(ToyModule, createFastifyAdapter(), { logger: false });
    configureHttp(app);
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
  });
  afterAll(() => app.close());

  const http = () => request(app.getHttpServer());
  const post = (path: string, body: string | Buffer, type = 'application/json') => {
    // superagent would make JSON of a buffer, too.
    return http()
      .post(path)
      .set('content-type', type)
      .serialize((same: unknown) => same as string)
      .send(body as string);
  };
  /** Writes the bytes as they are. Answers what comes back: one whole answer, or all until the server hangs up. */
  const raw = (...chunks: (string | Buffer)[]): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let received = '';
      socket.on('data', (data) => {
        received += data.toString();
        if (isWhole(received)) socket.destroy();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', () => undefined);
      chunks.forEach((chunk) => socket.write(chunk));
    });
  const isWhole = (answer: string): boolean => {
    const length = Number(/^content-length: (\d+)\r$/im.exec(answer)?.[1]);
    return Buffer.byteLength(answer.slice(answer.indexOf('\r\n\r\n') + 4)) >= length;
  };
  const expectProblem = (answer: request.Response, status: number, code: string): void => {
    expect({ status: answer.status, code: answer.body.code, type: answer.type }).toEqual({
      status,
      code,
      type: 'application/problem+json',
    });
    expect(answer.text.length).toBeLessThan(16_000);
  };

  describe('reads JSON', () => {
    it('and keeps its bytes for whoever checks a signature', async () => {
      const answer = await post('/notes/anything', '{"a": 1}');
      expect(answer.body).toEqual({ body: { a: 1 }, type: 'object', bytes: 8 });
    });

    it('that starts with a byte order mark', async () => {
      const answer = await post('/notes/anything', '\uFEFF{"a": 1}');
      expect(answer.body.body).toEqual({ a: 1 });
    });

    it('and takes an empty body for none', async () => {
      const answer = await post('/notes/anything', '');
      expect(answer.status).toBe(201);
      expect(answer.body.type).toBe('undefined');
    });

    it.each(['{', '{"a":}', 'undefined', ' ', "{'a': 1}", '{"a": 1} x', '{"a": "\u0000"}'])(
      'but not %j',
      async (body) => {
        const answer = await post('/notes/anything', body);
        expectProblem(answer, 400, 'body-not-json');
      },
    );

    it('but not in another encoding than UTF-8', async () => {
      const answer = await post('/notes/anything', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]));
      expectProblem(answer, 400, 'body-not-utf8');
    });

    it.each(['1', '"text"', 'true', 'null', '[]', '[{"title": "a"}]'])(
      'but not %s where an object is expected',
      async (body) => {
        const answer = await post('/notes', body);
        expectProblem(answer, 400, 'request-invalid');
        expect(answer.body.errors).toEqual([{ path: 'body', message: 'must be a JSON object' }]);
      },
    );

    it('32 levels deep but no deeper', async () => {
      const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
      expect((await post('/notes/anything', nested(32))).status).toBe(201);
      expectProblem(await post('/notes/anything', nested(33)), 400, 'body-too-deep');
      expectProblem(await post('/notes/anything', nested(49_000)), 400, 'body-too-deep');
      expectProblem(await post('/notes', `${'{"a":'.repeat(49_000)}1${'}'.repeat(49_000)}`), 400, 'body-too-deep');
    });

    it.each([
      ['{"items": [{"title": "a\\u0000b"}]}', 'items[0].title'],
      ['{"items": [{"title": "\\ud83d"}]}', 'items[0].title'],
      ['{"items": ["fine \\ud83d\\ude00", "\\ude00\\ud83d"]}', 'items[1]'],
      ['{"a": {"b\\u0000": 1}}', 'a.b\uFFFD'],
      ['{"\\udc00": 1}', '\uFFFD'],
      ['"\\u0000"', 'body'],
      ['["\\u0000"]', '[0]'],
    ])('but not %s, with text that nobody can store', async (body, path) => {
      const answer = await post('/notes/anything', body);
      expectProblem(answer, 400, 'request-invalid');
      expect(answer.body.errors).toEqual([{ path, message: 'must not contain NUL or unpaired surrogate characters' }]);
    });

    it.each(['__proto__', 'constructor', 'prototype', '\\u005f_proto__'])('but not a field called %s', async (name) => {
      for (const body of [`{"${name}": {"admin": true}}`, `{"a": [{"${name}": 1}]}`]) {
        expectProblem(await post('/notes/anything', body), 400, 'request-invalid');
        expectProblem(await post('/notes', body), 400, 'request-invalid');
      }
      expect(({} as Record<string, unknown>).admin).toBeUndefined();
    });

    it.each(['toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf', '__defineGetter__', 'then'])(
      'and knows that %s is not a field',
      async (name) => {
        const answer = await post('/notes', `{"${name}": 1}`);
        expectProblem(answer, 400, 'request-invalid');
        expect(answer.body.errors).toEqual([{ path: name, message: 'is not a known field' }]);
      },
    );

    it('up to 1 MB, however it arrives', async () => {
      const large = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
      expect((await post('/notes/anything', large(1024 * 1024))).status).toBe(201);
      expectProblem(await post('/notes/anything', large(1024 * 1024 + 1)), 413, 'body-too-large');

      const head = 'POST /notes/anything HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
      const ten = Buffer.alloc(10 * 1024 * 1024, 'x');
      expect(await raw(`${head}Content-Length: ${ten.length}\r\n\r\n`, ten)).toMatch(
        /^HTTP\/1.1 413 .*body-too-large/s,
      );
      const chunk = Buffer.concat([Buffer.from(`${ten.length.toString(16)}\r\n`), ten, Buffer.from('\r\n0\r\n\r\n')]);
      expect(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n`, chunk)).toMatch(/^HTTP\/1.1 413 .*body-too-large/s);
    });

    it('and never fails at any of it', async () => {
      const names = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('title', '__proto__', 'constructor', 'toString', 'then', 'length', '0'),
      );
      const { value } = fc.letrec((tie) => ({
        value: fc.oneof(
          { maxDepth: 6 },
          fc.jsonValue(),
          fc.string({ unit: 'binary' }),
          fc.array(tie('value'), { maxLength: 5 }),
          fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
        ),
      }));
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('/notes', '/notes/anything'), value, async (path, body) => {
          const answer = await app.inject({
            method: 'POST',
            url: path,
            headers: { 'content-type': 'application/json' },
            payload: JSON.stringify(body),
          });
          expect([201, 400]).toContain(answer.statusCode);
        }),
        { numRuns: 200 },
      );
    });
  });

  describe('refuses other media types', () => {
    it.each(['text/xml', 'text/plain', 'text/csv', 'application/x-ndjson', 'application/x-www-form-urlencoded', '???'])(
      'such as %s',
      async (type) => {
        expectProblem(await post('/notes', '<a/>', type), 415, 'media-type-unsupported');
      },
    );

    it('and a body without any', async () => {
      expect(await raw('POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}')).toMatch(/^HTTP\/1.1 415 /);
    });
  });

  describe('hands on streams', () => {
    it('of any length to routes that ask for them', async () => {
      const answer = await post('/notes/import', 'a,b\n'.repeat(1_000_000), 'text/csv; charset=utf-8');
      expect(answer.body).toEqual({ length: 4_000_000 });
      expect((await post('/notes/import', '{}\n', 'application/x-ndjson')).body).toEqual({ length: 3 });
    });

    it.each(['application/json', 'text/plain'])('and takes no %s there', async (type) => {
      expectProblem(await post('/notes/import', '{}', type), 415, 'media-type-unsupported');
    });

    it('and wants one there', async () => {
      expectProblem(await http().post('/notes/import'), 415, 'media-type-unsupported');
    });
  });

  describe('looks at the URL', () => {
    it('and leaves what is fine alone', async () => {
      expect((await http().get('/notes/search?q=%F0%9F%98%80+%25&a=100%25')).body).toEqual({ q: '😀 %', a: '100%' });
      expect((await http().get('/notes/caf%C3%A9')).body).toEqual({ id: 'café' });
    });

    it.each([
      ['/notes/search?q=a%00b', 'q'],
      ['/notes/search?a=1&q=1&q=%00', 'q'],
      ['/notes/search?q%00=1', 'q\uFFFD'],
      ['/notes/search?q=%ED%A0%80', 'q'],
      ['/notes/search?q=%zz', 'q'],
      ['/notes/a%00b', 'id'],
    ])('and refuses %s', async (url, path) => {
      const answer = await http().get(url);
      expectProblem(answer, 400, 'request-invalid');
      expect(answer.body.errors).toEqual([{ path, message: expect.any(String) }]);
    });

    it.each(['/notes/%zz', '/notes/%ED%A0%80', '/%', '/notes/%ff'])('and cannot read %s', async (url) => {
      expectProblem(await http().get(url), 400, 'url-malformed');
    });

    it('and refuses parts that no id and no address fills', async () => {
      expectProblem(await http().get(`/notes/${'x'.repeat(600)}`), 414, 'url-too-long');
    });
  });

  describe('knows its routes', () => {
    it.each([
      ['GET', '/'],
      ['GET', '/note'],
      ['GET', '/notes/1/2'],
      ['GET', '/notes/'],
      ['GET', '/docs/nothing'],
      ['PUT', '/notes//'],
      ['POST', '/nowhere?x=/notes'],
    ])('and has no %s %s', async (method, url) => {
      expectProblem(await http()[method.toLowerCase() as 'get'](url), 404, 'route-not-found');
    });

    it('and echoes only so much of a URL', async () => {
      expectProblem(await http().get(`/${'x'.repeat(8000)}`), 404, 'route-not-found');
    });

    it.each([
      ['GET', '/notes', 'POST, OPTIONS'],
      ['PUT', '/notes/1', 'DELETE, GET, HEAD, OPTIONS'],
      ['PATCH', '/notes/%C3%A9?x=1', 'DELETE, GET, HEAD, OPTIONS'],
      ['POST', '/openapi.json', 'GET, HEAD, OPTIONS'],
      ['PROPFIND', '/notes', 'POST, OPTIONS'],
    ])('and that %s %s is none of them', async (method, url, allow) => {
      const answer = await app.inject({ method: method as 'GET', url });
      expect(answer.statusCode).toBe(405);
      expect(answer.headers.allow).toBe(allow);
      expect(answer.json().code).toBe('method-not-allowed');
    });

    it('before it reads a body', async () => {
      expectProblem(await post('/nowhere', '{', 'application/json'), 404, 'route-not-found');
      expectProblem(await http().put('/notes').set('content-type', 'text/xml').send('<a/>'), 405, 'method-not-allowed');
    });

    it('and tells OPTIONS about them', async () => {
      const answer = await http().options('/notes/1');
      expect(answer.status).toBe(204);
      expect(answer.headers.allow).toBe('DELETE, GET, HEAD, OPTIONS');
    });

    it('and answers HEAD as GET, without a body', async () => {
      expect((await http().head('/notes/1')).status).toBe(200);
      expect((await http().head('/nowhere')).status).toBe(404);
      expect((await http().head('/notes')).status).toBe(405);
    });
  });

  describe('survives sockets', () => {
    it.each([
      ['that do not speak HTTP', 'hello\r\n\r\n', 400, 'request-malformed'],
      ['with NUL in the request line', 'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'request-malformed'],
      ['with headers without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
      [
        'with two lengths',
        'POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
        'request-malformed',
      ],
      [
        'with a broken chunk',
        'POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        400,
        'request-malformed',
      ],
      ['with a strange target', 'GET *notes HTTP/1.1\r\nHost: x\r\n\r\n', 404, 'route-not-found'],
    ])('%s', async (_title, bytes, status, code) => {
      const answer = await raw(bytes);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).toContain(code);
      expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
      expect((await http().get('/notes/1')).status).toBe(200);
    });

    it('that hang up in the middle of a body', async () => {
      const arrived = once(app.getHttpServer(), 'request');
      const socket = connect(port, '127.0.0.1');
      socket.write('POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
      await arrived;
      socket.destroy();
      expect((await http().get('/notes/1')).status).toBe(200);
    });
  });

  it('answers what it has begun and nothing else once it is told to close', async () => {
    const closing = await NestFactory.create<NestFastifyApplication>(ToyModule, createFastifyAdapter(), {
      logger: false,
    });
    configureHttp(closing);
    const isClosing = new Promise<void>((resolve) => {
      closing
        .getHttpAdapter()
        .getInstance()
        .addHook('preClose', (done) => {
          resolve();
          done();
        });
    });
    await closing.listen(0, '127.0.0.1');
    let finish: (value: string) => void = () => undefined;
    slow.promise = new Promise((resolve) => (finish = resolve));

    const server = closing.getHttpServer();
    const port = (server.address() as AddressInfo).port;
    const client = async () => {
      const arrived = once(server, 'connection');
      const socket = connect(port, '127.0.0.1');
      await arrived;
      return socket;
    };
    const [begun, late] = [await client(), await client()];
    const received = [text(begun), text(late)];
    // What was written first is read first: with the other one's request, this half has arrived as well.
    late.write('GET /notes/1 HTTP/1.1\r\nHost:');
    const arrived = once(server, 'request');
    begun.write('GET /notes/slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrived;
    const closed = closing.close();
    await isClosing;
    late.write(' x\r\n\r\n');
    await received[1];
    finish('done');
    await closed;

    const [answer, refusal] = await Promise.all(received);
    expect(answer).toMatch(/200 OK.*connection: close.*"slow":"done"/s);
    expect(refusal).toMatch(/503 Service Unavailable.*"shutting-down"/s);
  });
});

import { Body, Controller, Get, Module, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { BUILD } from '../build';
import { configureHttp } from './configure-http';
import { createFastifyAdapter } from './fastify';
import { IdParam, ListOf, MoneyAmount, MoneyRequest, PageQuery, Text, WholeNumber } from './fields';

class Line {
  @WholeNumber({ min: 1, max: 9 }) quantity: number;
}

class Toy {
  @Text({ max: 200 }) title: string;
  @MoneyAmount({ optional: true }) price?: MoneyRequest;
  @ListOf(() => Line, { min: 1, max: 5 }) items: Line[];
}

@Controller('toys')
class ToyController {
  @Post()
  add(@Body() toy: Toy): Toy {
    return toy;
  }

  @Get()
  browse(@Query() query: PageQuery): PageQuery {
    return query;
  }

  @Get(':id')
  find(@IdParam('id') id: string): string {
    return id;
  }
}

@Module({ controllers: [ToyController] })
class ToyModule {}

describe('The description of the API', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(ToyModule, createFastifyAdapter(), { logger: false });
    configureHttp(app);
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  const get = (path: string) => request(app.getHttpServer()).get(path);

  it('has the title of the shop and the version of its package', async () => {
    const { body } = await get('/openapi.json');
    expect(body.info).toMatchObject({ title: 'Bookshelf', version: BUILD });
  });

  it('documents fields by the rules that check them', async () => {
    const { body } = await get('/openapi.json');
    expect(body.components.schemas.Toy).toEqual({
      type: 'object',
      required: ['title', 'items'],
      properties: {
        title: { type: 'string', minLength: 1, maxLength: 200 },
        price: { $ref: '#/components/schemas/MoneyRequest' },
        items: { type: 'array', minItems: 1, maxItems: 5, items: { $ref: '#/components/schemas/Line' } },
      },
    });
    expect(body.components.schemas.Line.properties.quantity).toEqual({ type: 'integer', minimum: 1, maximum: 9 });
    expect(body.components.schemas.MoneyRequest.required).toEqual(['amount']);
    const own = (parameters: { $ref?: string }[]) => parameters.filter(({ $ref }) => !$ref);
    expect(own(body.paths['/toys'].get.parameters)).toEqual([
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
      },
      {
        name: 'cursor',
        in: 'query',
        required: false,
        schema: { type: 'string' },
        description: 'The `next` of the page before',
      },
    ]);
    expect(own(body.paths['/toys/{id}'].get.parameters)).toEqual([
      { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
    ]);
  });

  it('says how what is read shows what was written, and in whose name that is', async () => {
    const { paths, components } = (await get('/openapi.json')).body;
    const headersOf = ({ parameters }: { parameters: { $ref?: string }[] }) =>
      parameters.flatMap(({ $ref }) => ($ref ? [components.parameters[$ref.split('/').at(-1)!].name] : []));
    expect(headersOf(paths['/toys'].get)).toEqual(['Min-Event-Position']);
    expect(headersOf(paths['/toys'].post)).toEqual(['Min-Event-Position', 'X-Actor', 'X-Correlation-Id']);
    const added = paths['/toys'].post.responses['201'].headers;
    expect(added).toEqual({ 'Event-Position': { $ref: '#/components/headers/EventPosition' } });
  });

  it('says that every error is a problem', async () => {
    const { body } = await get('/openapi.json');
    expect(body.paths['/toys'].post.responses.default).toEqual({ $ref: '#/components/responses/Problem' });
    expect(Object.keys(body.components.responses.Problem.content)).toEqual(['application/problem+json']);
    expect(body.components.schemas.Problem.required).toContain('code');
  });

  it('can be read by people without anything from elsewhere', async () => {
    const page = await get('/docs');
    expect(page.type).toBe('text/html');
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).toMatch(/^\.\/docs\//);
      expect((await get(asset.slice(1))).status).toBe(200);
    }
  });
});

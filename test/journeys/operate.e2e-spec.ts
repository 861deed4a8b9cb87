import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenStockOnBookAdded } from '../../src/inventory/reactions/open-stock-on-book-added.reaction';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf } from '../support/bookshelf';
import { Client, everythingStored, problemOf, type Json } from '../support/client';
import { routesOf } from '../support/routes';

describe('Operating the shop', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => shop.close());

  describe('its health', () => {
    it('is that it lives', async () => {
      expect(await client.see('/health/live')).toEqual({ status: 'ok' });
    });

    it('is that it can read and write', async () => {
      expect(await client.see('/health/ready')).toMatchObject({
        status: 'ok',
        info: { read: { status: 'up' }, write: { status: 'up' } },
      });
    });
  });

  describe('the description of its API', () => {
    let api: Json;
    let operations: [name: string, operation: Json][];

    beforeAll(async () => {
      api = await client.see('/openapi.json');
      operations = Object.entries<Json>(api.paths).flatMap(([path, item]) =>
        Object.entries<Json>(item).map(([method, operation]): [string, Json] => [
          `${method.toUpperCase()} ${path}`,
          operation,
        ]),
      );
    });

    it('names every route that the server has', () => {
      const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));
      expect(api).toMatchObject({ openapi: expect.stringMatching(/^3\./), info: { title: 'Bookshelf', version } });
      expect(operations.map(([name]) => name).sort()).toEqual(routesOf(shop).sort());
    });

    it('has the routes of the story', () => {
      expect(operations.map(([name]) => name)).toEqual(
        expect.arrayContaining([
          ...['GET /books', 'POST /books', 'GET /books/{id}', 'POST /books/{id}/revise', 'POST /books/{id}/price'],
          ...['POST /books/{id}/publish', 'POST /books/{id}/withdraw', 'GET /inventory', 'GET /inventory/{bookId}'],
          ...['GET /inventory/{bookId}/movements', 'POST /inventory/{bookId}/adjustments', 'POST /orders'],
          ...['GET /orders', 'GET /orders/{id}', 'POST /orders/{id}/confirm', 'POST /orders/{id}/ship'],
          ...['POST /orders/{id}/deliver', 'POST /orders/{id}/cancel', 'POST /orders/{id}/return'],
          ...['GET /orders/{id}/timeline', 'GET /events', 'GET /reactions'],
          ...['GET /reactions/{name}', 'GET /reactions/{name}/dead-letters', 'GET /dead-letters'],
          ...['GET /health/live', 'GET /health/ready'],
        ]),
      );
    });

    it('documents the body of every route that reads one, and each parameter of every path', () => {
      const bodiless = /\}\/(confirm|deliver|publish|activate|retire|resend)$/;
      for (const [name, operation] of operations) {
        const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
        const documented = (operation.parameters ?? []).filter((one: Json) => one.in === 'path');
        expect([name, documented.map((one: Json) => one.name)]).toEqual([name, inPath]);
        const reads = name.startsWith('POST') && !bodiless.test(name);
        expect([name, operation.requestBody !== undefined]).toEqual([name, reads]);
        expect([name, operation.responses.default]).toEqual([name, { $ref: '#/components/responses/Problem' }]);
      }
    });

    it('refers to nothing that it does not have', () => {
      const references = [...JSON.stringify(api).matchAll(/"\$ref":"(#[^"]+)"/g)].map(([, reference]) => reference);
      expect(references.length).toBeGreaterThan(10);
      for (const reference of references) {
        const found = reference
          .slice(2)
          .split('/')
          .reduce((part: Json, name) => part?.[name], api);
        expect([reference, found]).toEqual([reference, expect.any(Object)]);
      }
    });

    it('tells the rules of a field as the server keeps them', () => {
      expect(api.components.schemas.PlaceOrderRequest).toMatchObject({
        required: ['customer', 'shippingAddress', 'items'],
        properties: { items: { type: 'array', minItems: 1, maxItems: 100 } },
      });
      expect(api.components.schemas.OrderLineRequest.properties).toMatchObject({
        bookId: { type: 'string', format: 'uuid' },
        quantity: { type: 'integer', minimum: 1, maximum: 1000 },
      });
      expect(api.components.schemas.AddBookRequest).toMatchObject({
        required: ['title', 'author', 'price'],
        properties: { title: { type: 'string', minLength: 1, maxLength: 200 } },
      });
    });

    it('gives every operation a name of its own', () => {
      const names = operations.map(([, { operationId }]) => operationId as string);
      expect(new Set(names).size).toBe(operations.length);
    });

    it('says in a sentence what each operation does', () => {
      for (const [name, { summary }] of operations) {
        expect([name, summary]).toEqual([name, expect.stringMatching(/^[A-Z].{0,98}[^.\s]$/)]);
      }
      expect(new Set(operations.map(([, { summary }]) => summary)).size).toBe(operations.length);
    });
  });

  it('shows its API to people without loading anything from elsewhere', async () => {
    const { text, headers } = await client.get('/docs');
    expect(headers['content-type']).toMatch(/^text\/html/);
    const links = [...text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) {
      const { origin, pathname } = new URL(link, 'http://shop.test/docs');
      expect([link, origin]).toEqual([link, 'http://shop.test']);
      const file = await shop.http().get(pathname);
      expect([pathname, file.status]).toEqual([pathname, 200]);
    }
    expect(
      await shop
        .http()
        .get('/docs/swagger-ui-init.js')
        .then(({ text: script }) => script),
    ).toMatch(/"validatorUrl": null/);
  });

  describe('its reactions', () => {
    it('are listed with their mode, their events, and how far they are', async () => {
      const bookId = await client.addBook();
      await client.order({ [bookId]: 1 });
      await shop.settle();
      const { items } = await client.see('/reactions');
      const names = items.map(({ name }: Json) => name);
      expect(names).toEqual([...names].sort());
      expect(items.find(({ name }: Json) => name === 'inventory.open-stock')).toEqual({
        name: 'inventory.open-stock',
        mode: 'after-commit',
        events: ['catalog.book-added'],
        checkpoint: expect.any(Number),
        lag: 0,
        deferred: 0,
        dead: 0,
        state: 'idle',
      });
      expect(items.find(({ name }: Json) => name === 'inventory.reserve-stock')).toEqual({
        name: 'inventory.reserve-stock',
        mode: 'in-transaction',
        events: ['orders.order-placed'],
        lag: 0,
        deferred: 0,
        dead: 0,
        state: 'idle',
      });
    });

    it('are shown one by one, too', async () => {
      await shop.settle();
      const { items } = await client.see('/reactions');
      expect(items.length).toBeGreaterThan(5);
      for (const item of items) {
        // It may just have been looking whether there is anything to do.
        expect(await client.see(`/reactions/${item.name}`)).toEqual({ ...item, state: expect.any(String) });
      }
      for (const name of ['nobody', 'constructor', '%20', "'%20OR%201=1--"]) {
        expect([name, problemOf(await client.get(`/reactions/${name}`))]).toEqual([
          name,
          expect.objectContaining({ status: 404, code: 'reaction-not-found' }),
        ]);
      }
    });

    it('show what they have given up on; an operator has it tried again, and nothing is lost', async () => {
      jest
        .spyOn(OpenStockOnBookAdded.prototype, 'handle')
        .mockRejectedValueOnce(new Unrecoverable('the shelf has fallen down'));
      const bookId = await client.addBook();
      await shop.settle();
      expect((await client.get(`/inventory/${bookId}`)).status).toBe(404);

      const of = '/reactions/inventory.open-stock';
      const { items } = await client.see(`${of}/dead-letters`);
      expect(items).toEqual([
        expect.objectContaining({
          type: 'catalog.book-added',
          stream: `catalog.book/${bookId}`,
          state: 'dead',
          attempts: 1,
          error: expect.stringContaining('the shelf has fallen down'),
        }),
      ]);

      const letters = items.map(({ position }: Json) => ({ position }));
      expect((await client.post(`${of}/dead-letters/retry`, { letters })).status).toBe(202);
      await shop.settle();
      expect(await client.stock(bookId)).toEqual([10, 0, 10]);
      expect(await client.see(`${of}/dead-letters`)).toEqual({ items: [] });
      expect(problemOf(await client.post(`${of}/dead-letters/retry`, { letters }))).toMatchObject({
        status: 404,
        code: 'dead-letter-not-found',
      });
    });

    it('leave what an operator decides to skip, for a reason', async () => {
      jest
        .spyOn(OpenStockOnBookAdded.prototype, 'handle')
        .mockRejectedValueOnce(new Unrecoverable('the shelf has fallen down'));
      const bookId = await client.addBook();
      await shop.settle();
      const of = '/reactions/inventory.open-stock';
      const { items } = await client.see(`${of}/dead-letters`);
      const letters = items.map(({ position }: Json) => ({ position }));
      expect(problemOf(await client.post(`${of}/dead-letters/skip`, { letters })).errors).toEqual([
        { path: 'reason', message: 'is required' },
      ]);
      const answer = await client.post(`${of}/dead-letters/skip`, { letters, reason: 'sold as a gift' });
      expect(answer.status).toBe(200);
      await shop.settle();
      expect((await client.get(`/inventory/${bookId}`)).status).toBe(404);
      expect(await client.see(`${of}/dead-letters`)).toEqual({ items: [] });
      expect(await client.see(`${of}/dead-letters?state=skipped`)).toEqual({
        items: [{ ...items[0], state: 'skipped', reason: 'sold as a gift', skippedBy: 'anonymous' }],
      });
      expect(problemOf(await client.get(`${of}/dead-letters?state=gone`)).errors).toEqual([
        { path: 'state', message: 'must be one of dead, retrying, parked, skipped' },
      ]);
    });

    it('build a list anew that says the same as before', async () => {
      const before = await client.see('/books');
      expect(before.items.length).toBeGreaterThan(0);
      expect((await client.post('/reactions/catalog.browse/rebuild')).status).toBe(202);
      await shop.settle();
      expect(await client.see('/books')).toEqual(before);
    });

    it('that are no projections have nothing to build anew, and those that do not exist nothing at all', async () => {
      const before = await everythingStored(shop);
      expect(problemOf(await client.post('/reactions/inventory.open-stock/rebuild'))).toMatchObject({
        status: 409,
        code: 'not-a-projection',
      });
      expect(problemOf(await client.post('/reactions/nobody/rebuild'))).toMatchObject({
        status: 404,
        code: 'reaction-not-found',
        detail: 'there is no reaction called nobody',
      });
      expect(problemOf(await client.get('/reactions/nobody/dead-letters')).status).toBe(404);
      expect(await everythingStored(shop)).toEqual(before);
    });
  });

  it('finds everything in place when it is opened again', async () => {
    const one = await Bookshelf.start();
    const first = new Client(one);
    const orderId = await first.order({ [await first.addBook()]: 1 });
    const before = await everythingStored(one);
    await one.stop();
    const again = await Bookshelf.start({ folder: one.folder });
    expect(await everythingStored(again)).toEqual(before);
    await new Client(again).move(orderId, 'confirm', 'ship');
    expect(await new Client(again).see(`/orders/${orderId}`)).toMatchObject({ status: 'SHIPPED' });
    await again.close();
  });

  describe('its figures', () => {
    /** Each figure that Prometheus would read, by its name with its labels. */
    const figures = async (): Promise<Record<string, number>> => {
      const { text, headers } = await shop.http().get('/metrics').expect(200);
      expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
      return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)![0])]));
    };
    const answered = (method: string, route: string, status: number) =>
      `bookshelf_http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`;
    const of = (figure: string, reaction: string) => `bookshelf_reaction_${figure}{reaction="${reaction}"}`;

    it('tell how often and how fast it has answered, by route and not by path', async () => {
      const before = await figures();
      const id = await client.addBook();
      for (const path of [`/books/${id}`, '/books/no-such-id', '/no-such-route', '/nor-this-one'])
        await client.get(path);
      const after = await figures();
      const more = (name: string) => after[name] - (before[name] ?? 0);
      expect(more(answered('POST', '/books', 201))).toBe(1);
      expect(more(answered('GET', '/books/:id', 200))).toBe(1);
      expect(more(answered('GET', '/books/:id', 400))).toBe(1);
      expect(more(answered('GET', 'none', 404))).toBe(2);
      const sum = answered('POST', '/books', 201).replace('_count', '_sum');
      expect(more(sum)).toBeGreaterThan(0);
      expect(more(sum)).toBeLessThan(60);
    });

    it('tell how far the log and each reaction are, and what the reactions have given up on', async () => {
      const before = await figures();
      jest
        .spyOn(shop.get(OpenStockOnBookAdded), 'handle')
        .mockRejectedValueOnce(new Unrecoverable('the shelf fell down'));
      await client.addBook();
      await shop.settle();
      const after = await figures();
      expect(after.bookshelf_event_log_position).toBeGreaterThan(before.bookshelf_event_log_position);
      const dead = of('dead_letters', 'inventory.open-stock');
      expect(after[dead]).toBe(before[dead] + 1);
      expect(after[of('dead_letters', 'catalog.browse')]).toBe(0);
      expect(after[of('lag_events', 'inventory.open-stock')]).toBe(0);
      expect(after[of('paused', 'inventory.open-stock')]).toBe(0);
    });

    it('tell what the process uses', async () => {
      const { process_resident_memory_bytes, nodejs_eventloop_lag_seconds } = await figures();
      expect(process_resident_memory_bytes).toBeGreaterThan(1e7);
      expect(nodejs_eventloop_lag_seconds).toBeGreaterThanOrEqual(0);
    });
  });
});

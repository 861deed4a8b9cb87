import { Bookshelf } from '../support/bookshelf';
import { address, alice, Client, problemOf, type Json } from '../support/client';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('Following the log', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;
  let orderId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
    bookId = await client.addBook();
    orderId = await client.order({ [bookId]: 2 });
    await client.move(orderId, 'confirm', 'ship');
  });
  // What an example has begun is over before the next one counts what happens.
  beforeEach(() => shop.settle());
  afterAll(() => shop.close());

  const log = async (query = ''): Promise<Json[]> =>
    (await client.see(`/events?limit=200${query && `&${query}`}`)).items;
  const typesOf = (events: Json[]): string[] => events.map(({ type }) => type);

  it('shows everything that happened in the order in which it happened, without a gap', async () => {
    const events = await log();
    expect(events.map(({ position }) => position)).toEqual(events.map((_, at) => at + 1));
    expect(typesOf(events)).toEqual(expect.arrayContaining(['catalog.book-added', 'inventory.stock-opened']));
    expect(typesOf(events).indexOf('catalog.book-added')).toBe(0);
  });

  it('tells of each event who raised it, for whom, why, and the facts', async () => {
    const [event] = await log(`type=orders.order-placed`);
    expect(event).toEqual({
      position: expect.any(Number),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'orders.order-placed',
      version: 1,
      stream: `orders.order/${orderId}`,
      streamVersion: 1,
      occurredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      causationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      raisedBy: 'PlaceOrder',
      actor: 'anonymous',
      facts: expect.objectContaining({ orderId, customer: alice, shippingAddress: address }),
    });
  });

  it('shows the events of one aggregate', async () => {
    const events = await log(`stream=orders.order/${orderId}`);
    expect(typesOf(events)).toEqual(['orders.order-placed', 'orders.order-confirmed', 'orders.order-shipped']);
    expect(await log('stream=orders.order/nobody')).toEqual([]);
    expect(await log('stream=%25')).toEqual([]);
  });

  it('shows the events of one type', async () => {
    const second = await client.addBook({ title: 'Emma' });
    const events = await log('type=catalog.book-added');
    expect(events.map(({ facts }) => facts.bookId)).toEqual([bookId, second]);
    expect(await log('type=catalog.book')).toEqual([]);
  });

  it('shows what came after a position', async () => {
    await shop.settle();
    const all = await log();
    expect(await log('after=0')).toEqual(all);
    expect(await log('after=3')).toEqual(all.slice(3));
    expect(await log(`after=${all.length}`)).toEqual([]);
    expect(await log(`after=${Number.MAX_SAFE_INTEGER}`)).toEqual([]);
  });

  it('joins all its filters with "and"', async () => {
    const [placed] = await log('type=orders.order-placed');
    const wanted = `type=orders.order-placed&stream=orders.order/${orderId}&correlationId=${placed.correlationId}`;
    expect(await log(wanted)).toEqual([placed]);
    expect(await log(`${wanted}&after=${placed.position - 1}`)).toEqual([placed]);
    expect(await log(`${wanted}&after=${placed.position}`)).toEqual([]);
    expect(await log('type=orders.order-placed&stream=orders.order/nobody')).toEqual([]);
  });

  it.each(['', '&type=inventory.stock-opened', '&after=2'])('goes from page to page%s', async (filter) => {
    const seen: Json[] = [];
    let cursor = '';
    do {
      const page = await client.see(`/events?limit=2${filter}${cursor && `&cursor=${cursor}`}`);
      expect(page.items.length).toBeGreaterThan(0);
      seen.push(...page.items);
      cursor = page.next ?? '';
    } while (cursor);
    expect(seen).toEqual(await log(filter.slice(1)));
  });

  it('goes on where a reader has stopped, when more has happened', async () => {
    const last = (await log()).at(-1).position as number;
    await client.adjust(bookId, 1);
    expect(typesOf(await log(`after=${last}`))).toEqual(['inventory.stock-adjusted']);
  });

  it('follows everything that came from one request by its X-Correlation-Id, through every reaction', async () => {
    const headers = { 'x-correlation-id': 'spring-list:2026.01_7' };
    await client.post('/books', { title: 'Persuasion', author: 'Jane Austen', price: { amount: 5 } }, headers);
    await shop.settle();
    const events = await log('correlationId=spring-list:2026.01_7');
    expect(events.map(({ type, raisedBy }) => [type, raisedBy])).toEqual([
      ['catalog.book-added', 'AddBook'],
      ['inventory.stock-opened', 'inventory.open-stock'],
      ['inventory.stock-replenished', 'inventory.open-stock'],
    ]);
    const [added, ...followed] = events;
    expect(followed.map(({ causationId }) => causationId)).toEqual([added.id, added.id]);
  });

  it.each(['has blanks', 'x'.repeat(65), 'quote"', '<b>', 'é'])('makes an id of its own in place of %j', async (id) => {
    // What Node sends as a header is Latin-1.
    const before = (await log()).at(-1).position as number;
    const answer = await client.post(
      `/inventory/${bookId}/adjustments`,
      { amount: 1, reason: 'counted' },
      { 'x-correlation-id': id },
    );
    expect(answer.status).toBe(201);
    const [event] = await log(`after=${before}`);
    expect(event.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('carries the trace of the request to every event that follows from it', async () => {
    const before = (await log()).at(-1).position as number;
    const headers = { traceparent: TRACEPARENT };
    await client.post('/books', { title: 'Sanditon', author: 'Jane Austen', price: { amount: 5 } }, headers);
    await shop.settle();
    const events = await log(`after=${before}`);
    expect(events.map(({ type, traceparent }) => [type, traceparent])).toEqual([
      ['catalog.book-added', TRACEPARENT],
      ['inventory.stock-opened', TRACEPARENT],
      ['inventory.stock-replenished', TRACEPARENT],
    ]);
    expect(new Set(events.map(({ correlationId }) => correlationId)).size).toBe(1);
  });

  it.each(['', 'garbage', TRACEPARENT.replace(/^00/, 'ff'), `${TRACEPARENT}-`])(
    'carries no trace that is none: %j',
    async (traceparent) => {
      const before = (await log()).at(-1).position as number;
      await client.post(`/inventory/${bookId}/adjustments`, { amount: 1, reason: 'counted' }, { traceparent });
      const [event] = await log(`after=${before}`);
      expect(event).not.toHaveProperty('traceparent');
    },
  );

  it('gives each of two requests a correlation of its own', async () => {
    const [first, second] = await log('type=orders.order-placed').then(async ([placed]) => [
      placed,
      (await log('type=orders.order-confirmed'))[0],
    ]);
    expect(first.correlationId).not.toBe(second.correlationId);
  });

  it.each([
    ['after=-1', 'after'],
    ['after=1.5', 'after'],
    ['after=9007199254740992', 'after'],
    ['after=first', 'after'],
    ['stream=', 'stream'],
    [`type=${'x'.repeat(201)}`, 'type'],
    [`correlationId=${'x'.repeat(65)}`, 'correlationId'],
    ['type=a&type=b', 'type'],
    ['from=1', 'from'],
  ])('refuses ?%s', async (query, path) => {
    const { errors } = problemOf(await client.get(`/events?${query}`));
    expect(errors).toEqual([{ path, message: expect.stringMatching(/^(must be|is not) /) }]);
  });
});

describe('Reading what was written', () => {
  let shop: Bookshelf;
  beforeAll(async () => {
    shop = await Bookshelf.start();
  });
  afterAll(() => shop.close());

  it.each(['', 'x', '-1', '1.5', '1e3', '0x1', '1, 2', '9'.repeat(16)])(
    'is not possible from position %j',
    async (at) => {
      for (const path of ['/books', '/events', '/reactions']) {
        const answer = await shop.http().get(path).set('min-event-position', at);
        expect(problemOf(answer)).toMatchObject({
          status: 400,
          code: 'position-invalid',
          errors: [{ path: 'Min-Event-Position' }],
        });
      }
    },
  );

  it('is not waited for longer than five seconds: who asks too much is told to come back', async () => {
    const answer = await shop.http().get('/books').set('min-event-position', '1000000');
    expect(problemOf(answer)).toMatchObject({ status: 503, code: 'reactions-behind' });
    expect(answer.get('retry-after')).toBe('1');
  }, 10_000);
});

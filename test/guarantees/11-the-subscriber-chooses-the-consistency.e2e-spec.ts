import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { AppModule } from '../../src/app.module';
import { BookAdded, BookPublished, BookRepriced } from '../../src/catalog/catalog.events';
import { PublishBook } from '../../src/catalog/commands/publish-book.command';
import { Refused } from '../../src/kernel/domain-error';
import { OrderPlaced } from '../../src/orders/orders.events';
import { envelopeOf } from '../../src/platform/event-log/envelope';
import { Bookshelf, ManualClock, Settings } from '../support/bookshelf';
import { gatsby, orderFor } from '../support/client';
import { addBook, context, raise, reaction, repriceBook, statusOf } from '../support/trade';

interface LogEntry {
  readonly id: string;
  readonly position: number;
  readonly type: string;
  readonly stream: string;
  readonly causationId: string;
  readonly correlationId: string;
  readonly raisedBy: string;
}

describe('The subscriber chooses the consistency: after the commit, or within the transaction of the command', () => {
  let shop: Bookshelf;

  async function open(settings: Settings = {}) {
    shop = await Bookshelf.start(settings);
  }

  const log = async (query = ''): Promise<LogEntry[]> =>
    (await shop.http().get(`/events?limit=200&${query}`).expect(200)).body.items;

  const stockOf = async (bookId: string) => (await shop.http().get(`/inventory/${bookId}`).expect(200)).body;

  const placeOrder = (bookId: string, quantity = 1) => shop.http().post('/orders').send(orderFor(bookId, quantity));

  async function addStockedBook(title = 'Emma') {
    const bookId = await addBook(shop, title);
    await shop.settle();
    return bookId;
  }

  afterEach(() => shop.close());

  it('refuses an order for more copies than there are, names the book, and leaves nothing behind', async () => {
    await open();
    const bookId = await addStockedBook();
    const before = await log();
    const { body, headers } = await placeOrder(bookId, 11).expect(409);
    expect(body).toMatchObject({
      code: 'out-of-stock',
      detail: expect.stringContaining('"Emma" (11 wanted, 10 available)'),
      details: { books: [{ bookId, title: 'Emma', wanted: 11, available: 10 }] },
    });
    expect(headers['event-position']).toBeUndefined();
    expect(await log()).toEqual(before);
    expect((await shop.http().get('/orders').expect(200)).body.items).toEqual([]);
    expect(await stockOf(bookId)).toMatchObject({ quantity: 10, reserved: 0, available: 10 });
  });

  it('refuses an order as a whole when one of its books falls short, and names each that does', async () => {
    await open();
    const [emma, ulysses, dubliners] = [
      await addBook(shop, 'Emma'),
      await addBook(shop, 'Ulysses'),
      await addBook(shop, 'Dubliners'),
    ];
    await shop.settle();
    const items = [
      { bookId: emma, quantity: 3 },
      { bookId: ulysses, quantity: 11 },
      { bookId: dubliners, quantity: 12 },
    ];
    const { body } = await shop
      .http()
      .post('/orders')
      .send({ ...orderFor(emma), items })
      .expect(409);
    expect(body.details.books.map(({ title }: { title: string }) => title)).toEqual(['Ulysses', 'Dubliners']);
    expect(await stockOf(emma)).toMatchObject({ reserved: 0 });
  });

  it('stores what the reaction does and raises together with the order', async () => {
    await open();
    const bookId = await addStockedBook();
    const { body, headers } = await placeOrder(bookId, 10).expect(201);
    // Read at once: nothing has to be waited for.
    expect(await stockOf(bookId)).toMatchObject({ quantity: 10, reserved: 10, available: 0 });
    // What follows after the commit comes behind the position that the answer tells.
    const [placed, reserved, low, out, ...rest] = (await log()).filter(
      ({ type, position }) => position <= Number(headers['event-position']) && !/added|opened|replenished/.test(type),
    );
    expect(rest).toEqual([]);
    expect(placed).toMatchObject({ type: 'orders.order-placed', stream: `orders.order/${body.id}` });
    expect(placed.raisedBy).toBe('PlaceOrder');
    expect([reserved.type, low.type, out.type]).toEqual([
      'inventory.stock-reserved',
      'inventory.stock-ran-low',
      'inventory.stock-ran-out',
    ]);
    for (const entry of [reserved, low, out]) {
      expect(entry).toMatchObject({
        causationId: placed.id,
        correlationId: placed.correlationId,
        raisedBy: 'inventory.reserve-stock',
      });
    }
    expect([placed, reserved, low, out].map(({ position }) => position - placed.position)).toEqual([0, 1, 2, 3]);
    expect(headers['event-position']).toBe(String(out.position));
  });

  it('sells ten copies to two hundred buyers: ten get one, the others are told which book is out of stock', async () => {
    await open();
    const bookId = await addStockedBook();
    const { lowest } = watchTheStock(bookId);
    const answers = await Promise.all(Array.from({ length: 200 }, () => placeOrder(bookId)));
    const placed = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status === 409);
    expect([placed.length, refused.length]).toEqual([10, 190]);
    for (const { body, headers } of refused) {
      expect(headers['content-type']).toContain('application/problem+json');
      expect(body).toMatchObject({
        code: 'out-of-stock',
        details: { books: [{ bookId, title: 'Emma', wanted: 1, available: 0 }] },
      });
    }
    expect(new Set(placed.map(({ body }) => body.id)).size).toBe(10);

    await shop.settle();
    expect(await lowest()).toBe(0);
    const { quantity, reserved, available } = await stockOf(bookId);
    expect({ quantity, reserved, available }).toEqual({ quantity: 10, reserved: 10, available: 0 });
    const { body } = await shop.http().get(`/inventory/${bookId}/movements?limit=200`).expect(200);
    const sum = (what: 'quantity' | 'reserved') =>
      body.items.reduce((total: number, line: Record<string, number>) => total + line[what], 0);
    expect({ quantity: sum('quantity'), reserved: sum('reserved') }).toEqual({ quantity, reserved });
    expect((await log('type=orders.order-placed')).length).toBe(10);
    expect((await log('type=inventory.stock-reserved')).length).toBe(10);
    expect((await shop.http().get('/orders?limit=200').expect(200)).body.items).toHaveLength(10);
  });

  /** How few copies were for sale at any time, as the log tells. */
  const watchTheStock = (bookId: string) => ({
    lowest: async () => {
      const events = await log(`stream=inventory.stock/${bookId}`);
      return Math.min(
        ...events.flatMap((event) => (event as unknown as { facts: { available?: number } }).facts.available ?? []),
      );
    },
  });

  it('runs a chain of reactions within the transaction, each on what the one before has raised', async () => {
    class Wished {
      static readonly type = 'wishes.wished';
      constructor(readonly wish: string) {}
    }
    class Granted {
      static readonly type = 'wishes.granted';
      constructor(readonly wish: string) {}
    }
    class Regretted {
      static readonly type = 'wishes.regretted';
      constructor(readonly wish: string) {}
    }
    const heard: string[] = [];
    const grant = reaction(Wished, 'wishes.grant', ({ wish }) => raise(shop, new Granted(wish)), {
      within: 'transaction',
    });
    const regret = reaction(
      Granted,
      'wishes.regret',
      async ({ wish }) => {
        await raise(shop, new Regretted(wish));
        if (wish === 'everything') throw new Refused('too-much', 'nobody can have everything');
      },
      { within: 'transaction' },
    );
    const tell = reaction(Regretted, 'wishes.tell', (event) =>
      heard.push(`${event.wish} at ${envelopeOf(event).position}`),
    );
    await open({
      modules: [AppModule, context('WishesModule', { Wished, Granted, Regretted }, [grant, regret, tell])],
    });

    await raise(shop, new Wished('gold'), new Wished('silver'));
    const [gold, silver, ...rest] = await log();
    expect([gold, silver, ...rest].map(({ type }) => type)).toEqual([
      'wishes.wished',
      'wishes.wished',
      'wishes.granted',
      'wishes.regretted',
      'wishes.granted',
      'wishes.regretted',
    ]);
    expect(rest.map(({ causationId }) => causationId)).toEqual([gold.id, rest[0].id, silver.id, rest[2].id]);

    const before = await log();
    await expect(raise(shop, new Wished('everything'))).rejects.toThrow('nobody can have everything');
    expect(await log()).toEqual(before);
    await shop.settle();
    expect(heard).toEqual(['gold at 4', 'silver at 6']);
  });

  it('refuses the command for a refusal and for a mistake alike, and tells it to nobody else', async () => {
    const heard: string[] = [];
    let objection: Error | undefined;
    const object = reaction(
      BookRepriced,
      'prices.object',
      () => {
        if (objection) throw objection;
      },
      { within: 'transaction' },
    );
    const hear = reaction(BookRepriced, 'prices.hear', ({ price }) => heard.push(String(price.amount)));
    await open({ providers: [object, hear] });
    const bookId = await addStockedBook();
    const reprice = (amount: number) => shop.http().post(`/books/${bookId}/price`).send({ price: { amount } });

    objection = new Refused('too-dear', 'too dear for Emma');
    expect((await reprice(99).expect(409)).body).toMatchObject({
      code: 'too-dear',
      detail: expect.stringContaining('too dear'),
    });
    objection = new TypeError('cannot read properties of undefined');
    expect(JSON.stringify((await reprice(98).expect(500)).body)).not.toContain('cannot read');
    objection = undefined;
    await reprice(9).expect(200);
    await shop.settle();
    expect(heard).toEqual(['900']);
    expect(await log('type=catalog.book-repriced')).toHaveLength(1);
    expect((await shop.http().get(`/books/${bookId}`)).body.price.amount).toBe(9);
    expect(await statusOf(shop, 'prices.object')).toMatchObject({
      mode: 'in-transaction',
      lag: 0,
      deferred: 0,
      dead: 0,
    });
  });

  it('refuses what an after-commit reaction does, too, when a reaction within its transaction throws', async () => {
    let refusing = true;
    const cheapen = reaction(BookAdded, 'prices.cheapen', ({ bookId }) => repriceBook(shop, bookId, 100));
    const object = reaction(
      BookRepriced,
      'prices.object',
      () => {
        if (refusing) throw new Error('too cheap');
      },
      { within: 'transaction' },
    );
    const clock = new ManualClock();
    await open({ clock, providers: [cheapen, object] });
    const bookId = await addBook(shop);
    await shop.until('it has failed', async () => (await statusOf(shop, 'prices.cheapen')).deferred === 1);
    expect((await shop.http().get(`/books/${bookId}`)).body.price.amount).toBe(gatsby.price.amount);
    refusing = false;
    clock.advance(1_000);
    await shop.settle();
    expect((await shop.http().get(`/books/${bookId}`)).body.price.amount).toBe(1);
  });

  it('drops nothing but the smaller command when its refusal is caught by the larger one', async () => {
    class PublishIfAllowed {
      constructor(
        readonly bookId: string,
        readonly price: number,
      ) {}
    }
    @CommandHandler(PublishIfAllowed)
    class PublishIfAllowedHandler implements ICommandHandler<PublishIfAllowed> {
      async execute({ bookId, price }: PublishIfAllowed): Promise<void> {
        await shop.send(new PublishBook(bookId)).catch(() => undefined);
        await repriceBook(shop, bookId, price);
      }
    }
    const object = reaction(
      BookPublished,
      'prices.object',
      () => {
        throw new Refused('not-yet', 'not yet');
      },
      { within: 'transaction' },
    );
    await open({ providers: [object, PublishIfAllowedHandler] });
    const bookId = await addBook(shop);
    await shop.send(new PublishIfAllowed(bookId, 700));
    expect((await shop.http().get(`/books/${bookId}`)).body).toMatchObject({ status: 'ADDED', price: { amount: 7 } });
    expect((await log()).map(({ type }) => type)).not.toContain('catalog.book-published');
  });

  it('hands an after-commit reaction nothing before it is committed', async () => {
    const seen: unknown[] = [];
    const look = reaction(
      OrderPlaced,
      'gifts.look',
      async ({ orderId }) => {
        const { body } = await shop.http().get(`/orders/${orderId}`);
        seen.push(body.status);
      },
      { effects: 'external' },
    );
    await open({ providers: [look] });
    const bookId = await addStockedBook();
    await placeOrder(bookId, 11).expect(409);
    await placeOrder(bookId).expect(201);
    await shop.settle();
    expect(seen).toEqual(['PENDING']);
  });
});

import { Controller, Get } from '@nestjs/common';
import { AppModule } from '../../src/app.module';
import { BookAdded, BookRepriced } from '../../src/catalog/catalog.events';
import { OrderPlaced } from '../../src/orders/orders.events';
import { EventClass } from '../../src/platform/event-log/event-types';
import { Progress } from '../../src/platform/reactions/progress';
import { ReactionOptions } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { orderFor } from '../support/client';
import { addBook, caughtUp, context, reaction } from '../support/trade';

@Controller('window')
class ShopWindowController {
  @Get()
  look(): { shown: number } {
    return { shown };
  }
}

/** How many things the shop window shows; its reaction counts them. */
let shown: number;
let decorate: (event: object) => unknown;

const windowModule = (events: EventClass[], options: ReactionOptions = {}) =>
  context(
    'WindowModule',
    {},
    [
      reaction(
        events,
        'window.decorate',
        async (event) => {
          await decorate(event);
          shown++;
        },
        options,
      ),
    ],
    { controllers: [ShopWindowController] },
  );

/** Opens by hand. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('Reading your own writes', () => {
  let shop: Bookshelf;
  let clock: ManualClock;

  const open = async (events: EventClass[] = [BookAdded], options?: ReactionOptions) => {
    shop = await Bookshelf.start({ clock, modules: [AppModule, windowModule(events, options)] });
  };

  const post = (path: string, body: object = {}) => shop.http().post(path).send(body);

  const newBook = { title: 'Emma', author: 'Jane Austen', price: { amount: 8.5 } };

  const look = (position: string | number) => shop.http().get('/window').set('Min-Event-Position', String(position));

  /** Readers wait as long as ever, but the test sees to it that time runs fast. */
  function hurry() {
    const progress = shop.get(Progress);
    const passed = progress.passed.bind(progress);
    return jest
      .spyOn(progress, 'passed')
      .mockImplementation((reactions, position, timeout) => passed(reactions, position, timeout / 50));
  }

  beforeEach(() => {
    clock = new ManualClock();
    shown = 0;
    decorate = () => undefined;
  });

  afterEach(() => shop.close());

  it('is possible as every command tells the position up to which the log has come', async () => {
    await open();
    const head = async () => {
      const { body } = await shop.http().get('/events?limit=200').expect(200);
      return String(body.items.at(-1).position);
    };
    const told = async (path: string, body?: object) => {
      const answer = await post(path, body);
      expect([path, answer.status]).toEqual([path, path.split('/').length === 2 || /adjust/.test(path) ? 201 : 200]);
      // Before reactions go on and raise more.
      const position = answer.headers['event-position'];
      const { body: entry } = await shop.http().get(`/events?limit=1&after=${Number(position) - 1}`);
      expect(entry.items).toHaveLength(1);
      await shop.settle();
      return { id: answer.body.id as string, position: Number(position), raisedBy: entry.items[0].raisedBy as string };
    };
    const book = await told('/books', newBook);
    const order = await told('/orders', orderFor(book.id));
    const other = await told('/orders', orderFor(book.id));
    const answers = [
      book,
      order,
      other,
      await told(`/books/${book.id}/revise`, { title: 'Emma, revised' }),
      await told(`/books/${book.id}/price`, { price: { amount: 9 } }),
      await told(`/books/${book.id}/publish`),
      await told(`/inventory/${book.id}/adjustments`, { amount: 1, reason: 'found one behind the shelf' }),
      await told(`/orders/${order.id}/confirm`),
      await told(`/orders/${order.id}/ship`, { carrier: 'DHL', trackingNumber: '7' }),
      await told(`/orders/${order.id}/deliver`),
      await told(`/orders/${order.id}/return`, { reason: 'read it' }),
      await told(`/orders/${other.id}/cancel`, { reason: 'no time to read' }),
      await told(`/books/${book.id}/withdraw`, { reason: 'out of print' }),
    ];
    expect(answers.map(({ raisedBy }) => raisedBy)).toEqual([
      'AddBook',
      'inventory.reserve-stock',
      'inventory.reserve-stock',
      'ReviseBook',
      'RepriceBook',
      'PublishBook',
      'AdjustStock',
      'ConfirmOrder',
      'ShipOrder',
      'DeliverOrder',
      'ReturnOrder',
      'CancelOrder',
      'WithdrawBook',
    ]);
    const positions = answers.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));

    // One that changes nothing tells where the log stands; one that is refused, and a query, tell nothing.
    const { headers } = await post(`/books/${await addBook(shop)}/revise`, {}).expect(200);
    expect(Number(headers['event-position'])).toBeGreaterThan(positions.at(-1)!);
    await shop.settle();
    expect((await post(`/books/${book.id}/publish`).expect(409)).headers['event-position']).toBeUndefined();
    expect((await shop.http().get(`/books/${book.id}`).expect(200)).headers['event-position']).toBeUndefined();
    expect(Number(await head())).toBeGreaterThan(0);
  });

  it('shows a book in the list as soon as it is added', async () => {
    await open();
    for (let count = 1; count <= 20; count++) {
      const { headers, body } = await post('/books', newBook).expect(201);
      const list = await shop
        .http()
        .get('/books?limit=200')
        .set('Min-Event-Position', headers['event-position'])
        .expect(200);
      expect(list.body.items.map(({ id, bookId }: Record<string, string>) => id ?? bookId)).toContain(body.id);
    }
  });

  it('waits for the reactions of the context that is asked, and for no other', async () => {
    const { open: openGate, opened } = gate();
    decorate = () => opened;
    await open([BookAdded], { effects: 'external' });
    const { headers } = await post('/books', newBook).expect(201);
    const position = headers['event-position'];
    let answered = false;
    const looking = look(position)
      .expect(200)
      .then(({ body }) => {
        answered = true;
        return body;
      });
    expect((await shop.http().get('/window').expect(200)).body).toEqual({ shown: 0 });
    await shop.http().get('/books').set('Min-Event-Position', position).expect(200);
    await look(Number(position) - 1).expect(200);
    expect(answered).toBe(false);

    openGate();
    expect(await looking).toEqual({ shown: 1 });
  });

  it('gives up after five seconds, and says when to come back', async () => {
    const { open: openGate, opened } = gate();
    decorate = () => opened;
    await open([BookAdded], { effects: 'external' });
    const passed = hurry();
    const { headers } = await post('/books', newBook).expect(201);
    const answer = await look(headers['event-position']).expect(503);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.body).toMatchObject({
      code: 'reactions-behind',
      detail: expect.stringContaining(`up to position ${headers['event-position']}`),
    });
    expect(passed.mock.calls[0][2]).toBe(5_000);
    openGate();
    await shop.settle();
    await look(headers['event-position']).expect(200);
  });

  it('takes for a position only what can be one', async () => {
    await open();
    for (const position of ['', '-1', '1.5', '1e3', '0x1', 'last', '1 2', '1, 2', '9'.repeat(16)]) {
      const { body } = await look(position).expect(400);
      expect(body).toMatchObject({ code: 'position-invalid', errors: [{ path: 'Min-Event-Position' }] });
    }
  });

  it('waits for a position that the log has not reached, until it does', async () => {
    await open();
    await look(0).expect(200);
    const late = look(1).expect(200).then();
    const bookId = await addBook(shop);
    expect(bookId).toBeDefined();
    expect((await late).body).toEqual({ shown: 1 });
    hurry();
    expect((await look(999).expect(503)).body.code).toBe('reactions-behind');
  });

  describe('beside events that fail', () => {
    let hopeless: string[];

    beforeEach(() => {
      hopeless = [];
      decorate = (event) => {
        const { title, orderId } = event as { title?: string; orderId?: string };
        if (hopeless.includes(title ?? orderId ?? '')) throw new Error('the window is full');
      };
    });

    it('is not delayed by somebody else’s', async () => {
      await open();
      hopeless = ['Ulysses'];
      await addBook(shop, 'Ulysses');
      await caughtUp(shop, 'window.decorate');
      const { headers } = await post('/books', newBook).expect(201);
      expect((await look(headers['event-position']).expect(200)).body).toEqual({ shown: 1 });
    });

    it('waits for one’s own', async () => {
      await open();
      hurry();
      hopeless = ['Emma'];
      const { headers } = await post('/books', newBook).expect(201);
      await caughtUp(shop, 'window.decorate');
      await look(headers['event-position']).expect(503);
      await shop.http().get('/books').set('Min-Event-Position', headers['event-position']).expect(200);
      hopeless = [];
      clock.advance(1_000);
      expect((await look(headers['event-position']).expect(200)).body).toEqual({ shown: 1 });
    });

    it('waits for one’s own, too, when a reaction within the transaction had the last word', async () => {
      await open([OrderPlaced]);
      hurry();
      const bookId = await addBook(shop);
      await shop.settle();
      decorate = () => {
        throw new Error('the window is full');
      };
      const { headers } = await post('/orders', orderFor(bookId)).expect(201);
      await caughtUp(shop, 'window.decorate');
      await look(headers['event-position']).expect(503);
      decorate = () => undefined;
      clock.advance(1_000);
      expect((await look(headers['event-position']).expect(200)).body).toEqual({ shown: 1 });
    });

    it('does not wait for what one’s own event has led to later', async () => {
      await open([BookRepriced]);
      const bookId = await addBook(shop, 'Emma');
      await shop.settle();
      const first = await post(`/books/${bookId}/price`, { price: { amount: 9 } }).expect(200);
      await shop.settle();
      decorate = () => {
        throw new Error('the window is full');
      };
      await post(`/books/${bookId}/price`, { price: { amount: 10 } }).expect(200);
      await caughtUp(shop, 'window.decorate');
      expect((await look(first.headers['event-position']).expect(200)).body).toEqual({ shown: 1 });
    });
  });
});

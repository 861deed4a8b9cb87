import { BookAdded, BookRepriced } from '../../src/catalog/catalog.events';
import { OpenStockOnBookAdded } from '../../src/inventory/reactions/open-stock-on-book-added.reaction';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Client, nobody, problemOf, type Json } from '../support/client';
import { addBook, caughtUp, deadLettersOf, reaction, repriceBook } from '../support/trade';

const STOCK = 'inventory.open-stock';

describe('Asking why', () => {
  let shop: Bookshelf;
  let client: Client;
  let clock: ManualClock;

  async function open(providers: ReturnType<typeof reaction>[] = []): Promise<void> {
    clock = new ManualClock();
    shop = await Bookshelf.start({ clock, providers });
    client = new Client(shop);
  }
  afterEach(async () => {
    jest.restoreAllMocks();
    await shop.close();
  });

  const shelfFalls = () => jest.spyOn(OpenStockOnBookAdded.prototype, 'handle');

  /** The only verdict on the first event. */
  const verdict = async (path: string): Promise<Json> => {
    const { events } = await client.see(path);
    expect(events[0].reactions).toHaveLength(1);
    return events[0].reactions[0];
  };

  describe('there is something', () => {
    it('leads back from it to the event, the command, the request and the person', async () => {
      await open();
      const { body } = await client.post(
        '/books',
        { title: 'Emma', author: 'Jane Austen', price: { amount: 12.99, currency: 'USD' } },
        { 'x-actor': 'ada', 'x-correlation-id': 'request-1' },
      );
      await shop.settle();
      const { thing, exists, events, story } = await client.see(`/why/inventory/${body.id}`);
      const at = '2026-01-01T00:00:00.000Z';
      const stream = `catalog.book/${body.id}`;
      expect([thing, exists]).toEqual([`inventory/${body.id}`, true]);
      expect(events[0]).toMatchObject({ type: 'inventory.stock-opened', actor: 'ada', correlationId: 'request-1' });
      expect(events[0].because).toEqual([
        { kind: 'reaction', name: STOCK },
        { kind: 'event', type: 'catalog.book-added', stream, position: 1, at },
        { kind: 'command', name: 'AddBook', at },
        { kind: 'request', correlationId: 'request-1', actor: 'ada' },
      ]);
      expect(story.slice(0, 6)).toEqual([
        `inventory/${body.id}:`,
        `At position ${events[0].position}, ${at}: inventory.stock-opened`,
        `  ← reaction ${STOCK}`,
        `  ← catalog.book-added of ${stream} at position 1, ${at}`,
        '  ← command AddBook, 2026-01-01T00:00:00.000Z',
        '  ← request request-1 of ada',
      ]);
    });

    it('leads on from an event to what was raised because of it', async () => {
      await open();
      const id = await client.addBook();
      await shop.settle();
      await client.post(`/books/${id}/publish`);
      await shop.settle();
      const { events, story } = await client.see('/why/event/1');
      const types = ['inventory.stock-opened', 'inventory.stock-replenished'];
      expect(events[0].ledTo).toEqual(
        types.map((type, at) => ({ type, stream: `inventory.stock/${id}`, position: at + 2 })),
      );
      expect(story.slice(-2)).toEqual(
        types.map((type, at) => `  → ${type} of inventory.stock/${id} at position ${at + 2}`),
      );

      // Whoever asks for one reaction hears of the events that it listens to.
      const heard = await client.see(`/why/book/${id}?reaction=${STOCK}`);
      expect(heard.events.map(({ type }: Json) => type)).toEqual(['catalog.book-added']);
      expect(heard.events[0].reactions).toMatchObject([{ reaction: STOCK, state: 'done' }]);
      const unheard = await client.see(`/why/book/${id}?reaction=nobody.knows`);
      expect(unheard.events.map(({ reactions }: Json) => reactions)).toEqual([
        [{ reaction: 'nobody.knows', state: 'not-registered' }],
      ]);
    });

    it('goes on through everything that lies between a letter and the order', async () => {
      await open();
      const orderId = await client.order({ [await client.addBook()]: 1 });
      await shop.settle();
      const [{ id }] = (await client.see(`/notifications?orderId=${orderId}`)).items;
      const { events } = await client.see(`/why/notification/${id}`);
      const sent = events.find(({ type }: Json) => type === 'notifications.notification-sent');
      expect(sent.because.map((link: Json) => link.name ?? link.type ?? link.actor)).toEqual([
        'MarkNotificationSent',
        'notifications.send-mail',
        'notifications.notification-requested',
        'notifications.write-letter',
        'orders.order-placed',
        'PlaceOrder',
        'anonymous',
      ]);
      expect((await client.see(`/why/order/${orderId}`)).events[0]).toMatchObject({ type: 'orders.order-placed' });
    });

    it('shows a long life page by page', async () => {
      await open();
      const bookId = await addBook(shop);
      await repriceBook(shop, bookId, 100, 200, 300);
      const seen: string[] = [];
      for (let next = ''; ;) {
        const found = await client.see(`/why/book/${bookId}?limit=3${next}`);
        seen.push(...found.events.map(({ type }: Json) => type));
        if (!found.next) break;
        next = `&cursor=${found.next}`;
      }
      expect(seen).toEqual(['catalog.book-added', ...Array<string>(3).fill('catalog.book-repriced')]);
    });

    it('explains what an operator has done like everything else', async () => {
      await open();
      shelfFalls().mockRejectedValueOnce(new Unrecoverable('the shelf fell down'));
      await addBook(shop);
      await shop.settle();
      await client.post(`/reactions/${STOCK}/dead-letters/retry`, { all: true }, { 'x-actor': 'ada' });
      const [{ position }] = (await client.see('/events?type=platform.dead-letters-retried')).items;
      const { events } = await client.see(`/why/event/${position}`);
      expect(events[0].because).toMatchObject([
        { kind: 'command', name: 'RetryDeadLetters' },
        { kind: 'request', actor: 'ada' },
      ]);
    });
  });

  describe('there is not', () => {
    it('a stock whose book is there: the reaction that should have opened it has given up, and says why', async () => {
      await open();
      shelfFalls().mockRejectedValueOnce(new Unrecoverable('the shelf fell down'));
      const bookId = await addBook(shop);
      await shop.settle();
      const { exists, events, story } = await client.see(`/why/inventory/${bookId}`);
      expect(exists).toBe(false);
      expect(events).toMatchObject([
        {
          type: 'catalog.book-added',
          stream: `catalog.book/${bookId}`,
          reactions: [{ reaction: STOCK, state: 'dead', reason: 'unrecoverable', attempts: 1 }],
        },
      ]);
      expect(story[0]).toBe(`inventory/${bookId} does not exist. ${STOCK} makes it from this:`);
      expect(story.at(-1)).toBe(
        `  ${STOCK} has given it up (unrecoverable) after 1 attempts: Error: the shelf fell down`,
      );
    });

    it('a stock that somebody has decided not to open: who, and why', async () => {
      await open();
      shelfFalls().mockRejectedValueOnce(new Unrecoverable('the shelf fell down'));
      const bookId = await addBook(shop);
      await shop.settle();
      const body = { all: true, reason: 'entered twice' };
      await client.post(`/reactions/${STOCK}/dead-letters/skip`, body, { 'x-actor': 'grace' });
      expect(await verdict(`/why/inventory/${bookId}`)).toMatchObject({
        state: 'skipped',
        reason: 'entered twice',
        skippedBy: 'grace',
      });
      const { story } = await client.see(`/why/inventory/${bookId}`);
      expect(story.at(-1)).toBe(`  ${STOCK} leaves it out, as grace has decided: entered twice`);
    });

    it('a thing of which nobody has ever heard: it says what was looked for', async () => {
      await open();
      await addBook(shop);
      await shop.settle();
      expect(problemOf(await client.get(`/why/inventory/${nobody}`))).toMatchObject({
        status: 404,
        code: 'thing-not-found',
        detail: `there is no inventory/${nobody}: the log has no event of inventory.stock/${nobody}, nor one that ${STOCK} would have made it from`,
      });
      expect(problemOf(await client.get(`/why/order/${nobody}`))).toMatchObject({
        status: 404,
        detail: `there is no order/${nobody}: the log has no event of orders.order/${nobody}`,
      });
      expect(problemOf(await client.get('/why/unicorn/1'))).toMatchObject({
        status: 404,
        code: 'kind-not-found',
        detail:
          'nothing is known of the kind unicorn, but of event, alert, book, inventory, notification, order, payment, rule, shipment, subscription',
      });
      expect(problemOf(await client.get('/why/event/1000'))).toMatchObject({ status: 404, code: 'event-not-found' });
    });
  });

  describe('an event has had no effect in a reaction', () => {
    const last = async (): Promise<number> => (await client.see('/events?limit=200')).items.at(-1).position;
    /** What became of the last event of this stream, in sentences too. */
    const told = async (position: number, name: string): Promise<[Json, string]> => {
      const path = `/why/event/${position}?reaction=${name}`;
      return [await verdict(path), (await client.see(path)).story.at(-1)];
    };
    const added = async (bookId: string): Promise<number> =>
      (await client.see(`/events?stream=catalog.book/${bookId}`)).items.at(-1).position;

    it('because no such reaction exists, or it does not listen to such events', async () => {
      await open();
      const position = await added(await addBook(shop));
      expect(await told(position, 'nobody.knows')).toEqual([
        { reaction: 'nobody.knows', state: 'not-registered' },
        '  nobody.knows is no reaction of this program',
      ]);
      expect(await told(position, 'notifications.write-letter')).toEqual([
        { reaction: 'notifications.write-letter', state: 'does-not-listen' },
        '  notifications.write-letter does not listen to such events',
      ]);
    });

    it('because it was raised before the reaction existed', async () => {
      await open();
      const bookId = await addBook(shop);
      await shop.settle();
      const since = await last();
      const { folder } = shop;
      await shop.stop();
      shop = await Bookshelf.start({ folder, providers: [reaction(BookAdded, 'test.late', () => undefined)] });
      client = new Client(shop);
      expect(await told(await added(bookId), 'test.late')).toEqual([
        { reaction: 'test.late', state: 'raised-before-reaction', since },
        `  test.late leaves it out: it handles such events after position ${since} only`,
      ]);
    });

    it('because it has not come to it yet, and how far it is behind', async () => {
      let goOn: () => void = () => undefined;
      const stuck = new Promise<void>((resolve) => (goOn = resolve));
      let begun: () => void = () => undefined;
      const hasBegun = new Promise<void>((resolve) => (begun = resolve));
      const slow = reaction(BookAdded, 'test.slow', () => (begun(), stuck), { effects: 'external' });
      await open([slow]);
      await addBook(shop, 'Emma');
      await hasBegun;
      const bookId = await addBook(shop, 'Persuasion');
      const [waiting, sentence] = await told(await added(bookId), 'test.slow');
      expect(waiting).toEqual({ reaction: 'test.slow', state: 'waiting', checkpoint: 0, lag: 2 });
      expect(sentence).toBe('  test.slow has not come to it yet: it stands at position 0, with 2 events to read');
      goOn();
      await shop.settle();
      expect(await told(await added(bookId), 'test.slow')).toMatchObject([
        { state: 'done' },
        expect.stringMatching(/test.slow has handled it/),
      ]);
    });

    it('because it is tried again later', async () => {
      const follow = reaction(BookAdded, 'test.follow', () => {
        throw new Error('not now');
      });
      await open([follow]);
      const position = await added(await addBook(shop));
      await caughtUp(shop, 'test.follow');
      const [retrying, sentence] = await told(position, 'test.follow');
      expect(retrying).toMatchObject({ state: 'retrying', attempts: 1, error: 'Error: not now' });
      expect(retrying.retryAt > '2026-01-01T00:00:00.500Z').toBe(true);
      expect(sentence).toBe(`  test.follow will try it again at ${retrying.retryAt}, after 1 attempts: Error: not now`);
    });

    it('because it is parked behind an earlier one of its stream', async () => {
      const follow = reaction<object>([BookAdded, BookRepriced], 'test.follow', () => {
        throw new Unrecoverable('nobody can follow this');
      });
      await open([follow]);
      const bookId = await addBook(shop);
      await repriceBook(shop, bookId, 100);
      await caughtUp(shop, 'test.follow');
      const [{ position }] = await deadLettersOf(shop, 'test.follow');
      expect(await told(await added(bookId), 'test.follow')).toMatchObject([
        { state: 'parked', behind: position },
        `  test.follow holds it back behind the event at position ${position}, which comes first in its stream`,
      ]);
    });
  });
});

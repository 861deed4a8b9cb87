import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';
import { BookPublished } from '../../src/catalog/catalog.events';
import { PublishBook } from '../../src/catalog/commands/publish-book.command';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { OrderPlaced } from '../../src/orders/orders.events';
import { PlatformModule } from '../../src/platform/platform.module';
import { DeadLetters } from '../../src/platform/reactions/dead-letters';
import { DeferredEvents } from '../../src/platform/reactions/deferred-events';
import { retiresReactions } from '../../src/platform/reactions/discovery';
import { ReactionOptions, Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { ReactionTable } from '../../src/platform/reactions/reaction.tables';
import { Reactions } from '../../src/platform/reactions/reactions.service';
import { afterFailure, DEFAULT_RETRY } from '../../src/platform/reactions/retry-policy';
import { Bookshelf, ManualClock, Settings } from '../support/bookshelf';
import { orderFor } from '../support/client';
import { addBook, caughtUp, context, deadLettersOf, raise, reaction, repriceBook, statusOf } from '../support/trade';

const NAME = 'gifts.wrap';
const DAY = 24 * 3600_000;

describe('Retry with an end: a failed event is tried again, ever more rarely, until it is a dead letter', () => {
  let shop: Bookshelf;
  let clock: ManualClock;
  let tries: number;

  async function open(settings: Settings = {}) {
    shop = await Bookshelf.start({ clock, ...settings });
  }

  const whenIdle = async (name = NAME) => {
    await caughtUp(shop, name);
    await shop.until(`${name} is idle`, async () => (await statusOf(shop, name)).state === 'idle');
  };

  const decide = (what: 'retry' | 'skip', body: object, name = NAME) =>
    shop.http().post(`/reactions/${name}/dead-letters/${what}`).send(body);

  async function placeOrder(): Promise<string> {
    const bookId = await addBook(shop);
    await caughtUp(shop, 'inventory.open-stock');
    await caughtUp(shop, 'orders.price-list');
    const { body } = await shop.http().post('/orders').send(orderFor(bookId)).expect(201);
    return body.id;
  }

  /** What the order's timeline tells of its first event in a reaction. */
  async function fateOf(orderId: string, name = NAME) {
    const { body } = await shop.http().get(`/orders/${orderId}/timeline`).expect(200);
    return body.items[0].reactions.find(({ reaction }: { reaction: string }) => reaction === name);
  }

  beforeEach(() => {
    clock = new ManualClock();
    tries = 0;
  });

  afterEach(() => {
    jest.restoreAllMocks();
    return shop.close();
  });

  describe('a conflict', () => {
    /** Revises each published book; as often as told, on the strength of what was read long ago. */
    const reviser = (conflicts: number) =>
      reaction(BookPublished, 'catalog.correct-title', async ({ bookId }) => {
        const books = shop.get(BookRepository);
        const book = ++tries <= conflicts ? await readLongAgo(bookId) : await books.get(bookId);
        book.revise({ title: 'Emma, corrected' });
        await books.save(book);
        book.commit();
      });
    let readLongAgo: (bookId: string) => ReturnType<BookRepository['get']>;

    async function openWithAReadBook(conflicts: number) {
      await open({ providers: [reviser(conflicts)] });
      const bookId = await addBook(shop);
      const state = (await shop.get(BookRepository).get(bookId)).snapshot();
      readLongAgo = async (id) => {
        const book = await shop.get(BookRepository).get(id);
        return shop.work.track(Object.assign(book, { state }), `catalog.book/${id}`, 1);
      };
      await repriceBook(shop, bookId, 900);
      await shop.settle();
      await shop.send(new PublishBook(bookId));
      await whenIdle('catalog.correct-title');
      return bookId;
    }

    it('is tried again at once in a fresh unit of work, and counts as no attempt', async () => {
      const bookId = await openWithAReadBook(2);
      await shop.settle();
      expect(tries).toBe(3);
      expect(await statusOf(shop, 'catalog.correct-title')).toMatchObject({ deferred: 0, dead: 0 });
      const { body } = await shop.http().get(`/books/${bookId}`).expect(200);
      expect(body).toMatchObject({ title: 'Emma, corrected', price: { amount: 9 }, status: 'PUBLISHED' });
    });

    it('that does not go away is a failure like any other', async () => {
      await openWithAReadBook(Infinity);
      expect(await statusOf(shop, 'catalog.correct-title')).toMatchObject({ deferred: 1, dead: 0 });
      const [{ position }] = await shop.get(DeferredEvents).next('catalog.correct-title', 1);
      expect(await shop.get(DeferredEvents).find('catalog.correct-title', position)).toMatchObject({
        attempts: 1,
        error: expect.stringContaining('catalog_book was changed by somebody else'),
      });
    });

    it('of a command is tried again at once, too', async () => {
      await openWithAReadBook(0);
      await shop.settle();
      const bookId = await addBook(shop, 'Ulysses');
      await repriceBook(shop, bookId, 900);
      let attempt = 0;
      await shop.work.run('test', async () => {
        const book = await (++attempt < 3 ? readLongAgo(bookId) : shop.get(BookRepository).get(bookId));
        book.reprice({ amount: 1_000, currency: 'USD' });
        await shop.get(BookRepository).save(book);
        book.commit();
      });
      expect(attempt).toBe(3);
    });
  });

  describe('back-off', () => {
    const failing = (options: ReactionOptions = {}) =>
      reaction(
        OrderPlaced,
        NAME,
        () => {
          throw new Error(`no paper the ${++tries}. time`);
        },
        options,
      );

    it('doubles from one second to five minutes, with jitter, and ends after twelve attempts', async () => {
      await open({ providers: [failing()] });
      const orderId = await placeOrder();
      await whenIdle();
      const times = [clock.now().getTime()];
      const fractions: number[] = [];
      for (let attempt = 1; attempt < 12; attempt++) {
        expect(tries).toBe(attempt);
        const { state, attempts, retryAt } = await fateOf(orderId);
        expect({ state, attempts }).toEqual({ state: 'retrying', attempts: attempt });
        const longest = Math.min(1_000 * 2 ** (attempt - 1), 300_000);
        const delay = Date.parse(retryAt) - clock.now().getTime();
        expect(delay).toBeGreaterThanOrEqual(longest / 2);
        expect(delay).toBeLessThanOrEqual(longest);
        fractions.push(delay / longest);

        clock.advance(delay - 1);
        shop.get(Reactions).wake(NAME);
        await whenIdle();
        expect(tries).toBe(attempt);
        clock.advance(1);
        await whenIdle();
        times.push(clock.now().getTime());
      }
      expect(new Set(fractions.map((one) => one.toFixed(2))).size).toBeGreaterThan(3);

      const [letter, ...others] = await deadLettersOf(shop, NAME);
      expect(others).toEqual([]);
      expect(letter).toMatchObject({
        type: 'orders.order-placed',
        stream: `orders.order/${orderId}`,
        state: 'dead',
        reason: 'exhausted',
        attempts: 12,
        error: 'Error: no paper the 12. time',
        stack: expect.stringContaining('08-retry-with-an-end'),
        history: times.map((time, at) => ({
          at: new Date(time).toISOString(),
          error: `Error: no paper the ${at + 1}. time`,
        })),
      });
      clock.advance(30 * DAY);
      shop.get(Reactions).wake(NAME);
      await whenIdle();
      expect(tries).toBe(12);
    });

    it('is the reaction’s own where it says so', async () => {
      await open({ providers: [failing({ retry: { attempts: 3, firstDelay: 60_000, longestDelay: 90_000 } })] });
      const orderId = await placeOrder();
      await whenIdle();
      for (const [least, most] of [
        [30_000, 60_000],
        [45_000, 90_000],
      ]) {
        const delay = Date.parse((await fateOf(orderId)).retryAt) - clock.now().getTime();
        expect(delay).toBeGreaterThanOrEqual(least);
        expect(delay).toBeLessThanOrEqual(most);
        clock.advance(delay);
        await whenIdle();
      }
      expect(await deadLettersOf(shop, NAME)).toMatchObject([{ attempts: 3, reason: 'exhausted' }]);
    });

    it('is logged as a warning, and as an error when it is over', async () => {
      const logged: string[] = [];
      const log =
        (level: string) =>
        (...[text]: unknown[]): void =>
          void logged.push(`${level} ${String(text)}`);
      jest.spyOn(Logger.prototype, 'warn').mockImplementation(log('warn'));
      jest.spyOn(Logger.prototype, 'error').mockImplementation(log('error'));
      await open({ providers: [failing({ retry: { attempts: 2 } })] });
      await placeOrder();
      await whenIdle();
      clock.advance(1_000);
      await whenIdle();
      expect(logged).toEqual([
        expect.stringMatching(/^warn orders.order-placed at \d+: attempt 1 failed: Error: no paper the 1. time$/),
        expect.stringMatching(
          /^error orders.order-placed at \d+: dead letter \(exhausted\): Error: no paper the 2. time$/,
        ),
      ]);
    });

    it('never exceeds its limits', async () => {
      await open({ modules: [PlatformModule] });
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 11 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, random) => {
          const fate = afterFailure(new Error(), attempts, DEFAULT_RETRY, random);
          const longest = Math.min(1_000 * 2 ** (attempts - 1), 300_000);
          expect(fate).toEqual({ delay: Math.round(longest / 2 + (random * longest) / 2) });
        }),
      );
    });

    it('goes on where it was when the shop is closed and opened again', async () => {
      await open({ providers: [failing()] });
      const orderId = await placeOrder();
      await whenIdle();
      await shop.stop();
      await open({ providers: [failing()], folder: shop.folder });
      await whenIdle();
      expect(tries).toBe(1);
      clock.advance(1_000);
      await whenIdle();
      expect(await fateOf(orderId)).toMatchObject({ state: 'retrying', attempts: 2 });
    });

    it('waits for its turn, and does not ask without a pause, while another process calls out', async () => {
      const failingOnce = reaction(
        OrderPlaced,
        NAME,
        () => {
          if (++tries === 1) throw new Error('no paper');
        },
        { effects: 'external' },
      );
      await open({ providers: [failingOnce] });
      const orderId = await placeOrder();
      await whenIdle();
      await shop.work.run('another process', async () => {
        const state = (await shop.work.find(ReactionTable, NAME))!;
        const heldUntil = clock.now().getTime() + 91_000;
        shop.work.put(ReactionTable, { ...state, holder: 'elsewhere/1', heldUntil });
      });
      const looks = jest.spyOn(shop.get(DeferredEvents), 'next');
      // Far enough for this process to have to ask for its turn again.
      clock.advance(31_000);
      await whenIdle();
      expect(looks.mock.calls.length).toBeLessThan(3);
      expect(await fateOf(orderId)).toMatchObject({ state: 'retrying', attempts: 1 });

      clock.advance(60_000);
      await shop.settle();
      expect(await fateOf(orderId)).toMatchObject({ state: 'done' });
      expect(tries).toBe(2);
    });

    it('is called out for by this process alone for as long as a call may take, however long that is', async () => {
      const timeLimit = 10 * 60_000;
      const left: number[] = [];
      const slow = reaction(
        OrderPlaced,
        NAME,
        async () => {
          const sql = `SELECT held_until AS "heldUntil" FROM reaction WHERE name = $1`;
          const [{ heldUntil }] = await shop.rows<{ heldUntil: number }>(sql, [NAME]);
          left.push(heldUntil - clock.now().getTime());
        },
        { effects: 'external', timeLimit },
      );
      await open({ providers: [slow] });
      await placeOrder();
      await shop.settle();
      // More than half of it is over, and the next call needs it anew.
      clock.advance(timeLimit + 1);
      await placeOrder();
      await shop.settle();
      expect(left).toHaveLength(2);
      for (const ms of left) expect(ms).toBeGreaterThanOrEqual(timeLimit);
    });

    it('is not put off by another event that fails before the overdue one is looked at', async () => {
      const tried: string[] = [];
      const failingFor = reaction(OrderPlaced, NAME, ({ orderId }) => {
        tried.push(orderId);
        throw new Error('no paper');
      });
      await open({ providers: [failingFor] });
      const overdue = await placeOrder();
      await whenIdle();
      await shop.stop();
      await open({ providers: [retiresReactions(NAME)], folder: shop.folder });
      const fresh = await placeOrder();
      await shop.stop();

      clock.advance(1_000);
      await open({ providers: [failingFor], folder: shop.folder });
      await shop.until('both have been tried', () => Promise.resolve(tried.includes(fresh)));
      await whenIdle();
      expect(tried).toEqual([overdue, fresh, overdue]);
    });
  });

  describe('an event that can never be handled is a dead letter at once', () => {
    const dead = (error: string) => [{ attempts: 1, reason: 'unrecoverable', error: expect.stringContaining(error) }];

    it('when the reaction says so', async () => {
      const refusing = reaction(OrderPlaced, NAME, () => {
        tries++;
        throw new Unrecoverable('nobody wraps atlases');
      });
      await open({ providers: [refusing] });
      await placeOrder();
      await shop.settle();
      expect(tries).toBe(1);
      expect(await deadLettersOf(shop, NAME)).toMatchObject(dead('nobody wraps atlases'));
    });

    class NoteTaken {
      static readonly type: string = 'notes.note-taken';
      static readonly version: number = 1;
      constructor(readonly text: string) {}
    }
    class NoteLost {
      static readonly type = 'notes.note-lost';
    }
    const filing = reaction([NoteTaken, NoteLost], 'notes.file', () => tries++);
    const notes = (events: Record<string, unknown>, filing?: Settings['providers'], retired: string[] = []) => ({
      modules: [
        PlatformModule,
        context('NotesModule', events, filing ?? [retiresReactions('notes.file')], { retired }),
      ],
    });

    it('when an upcaster is missing', async () => {
      await open(notes({ NoteTaken, NoteLost }, [filing]));
      await shop.stop();
      await open({ ...notes({ NoteTaken, NoteLost }), folder: shop.folder });
      await raise(shop, new NoteTaken('buy paper'));
      await shop.stop();

      class NoteOfTwoPages extends NoteTaken {
        static override readonly version = 2;
      }
      const filingPages = reaction(NoteOfTwoPages, 'notes.file', () => tries++);
      await open({ ...notes({ NoteOfTwoPages, NoteLost }, [filingPages]), folder: shop.folder });
      await shop.settle();
      expect(tries).toBe(0);
      expect(await deadLettersOf(shop, 'notes.file')).toMatchObject(
        dead('NoteOfTwoPages has no upcaster from version 1'),
      );
    });

    it('when its type has been retired while it waited', async () => {
      const failing = reaction([NoteTaken, NoteLost], 'notes.file', () => {
        throw new Error('the drawer sticks');
      });
      await open(notes({ NoteTaken, NoteLost }, [failing]));
      await raise(shop, new NoteTaken('buy paper'));
      await caughtUp(shop, 'notes.file');
      await shop.stop();

      const filingLost = reaction(NoteLost, 'notes.file', () => tries++);
      clock.advance(1_000);
      await open({ ...notes({ NoteLost }, [filingLost], ['notes.note-taken']), folder: shop.folder });
      await shop.settle();
      expect(await deadLettersOf(shop, 'notes.file')).toMatchObject([
        { attempts: 2, reason: 'unrecoverable', error: expect.stringContaining("'notes.note-taken'") },
      ]);
    });
  });

  it.each([
    ['a text', 'no paper', 'no paper'],
    ['nothing', undefined, 'undefined'],
    ['an object', { reason: 'no paper' }, 'no paper'],
    ['an object without a prototype', Object.create(null) as object, ''],
    ['an error with a stack of its own', Object.assign(new Error('no paper'), { stack: 7 }), 'no paper'],
  ])('takes %s that is thrown for a failure', async (_, thrown, error) => {
    const throwing = reaction(
      BookPublished,
      NAME,
      () => {
        tries++;
        throw thrown as Error;
      },
      { retry: { attempts: 1 } },
    );
    await open({ providers: [throwing] });
    await shop.send(new PublishBook(await addBook(shop)));
    await shop.settle(2_000);
    expect(tries).toBe(1);
    expect(await deadLettersOf(shop, NAME)).toMatchObject([{ error: expect.stringContaining(error) }]);
  });

  describe('a dead letter', () => {
    let mood: 'fails' | 'works';
    const moody = (options: ReactionOptions = { retry: { attempts: 1 } }) =>
      reaction(
        OrderPlaced,
        NAME,
        () => {
          tries++;
          if (mood === 'fails') throw new Error('no paper');
        },
        options,
      );

    async function openWithADeadLetter() {
      mood = 'fails';
      await open({ providers: [moody()] });
      const orderId = await placeOrder();
      await whenIdle();
      const [{ position }] = await deadLettersOf(shop, NAME);
      return { orderId, position };
    }

    it('stays one when the limit is raised later', async () => {
      await openWithADeadLetter();
      await shop.stop();
      await open({ providers: [moody({})], folder: shop.folder });
      clock.advance(DAY);
      shop.get(Reactions).wake(NAME);
      await whenIdle();
      expect(tries).toBe(1);
      expect(await statusOf(shop, NAME)).toMatchObject({ dead: 1, deferred: 0 });
    });

    it('is tried again at once, as if for the first time, and keeps its history', async () => {
      const { orderId, position } = await openWithADeadLetter();
      await shop.stop();
      await open({ providers: [moody({ retry: { attempts: 2 } })], folder: shop.folder });
      await decide('retry', { letters: [{ position }] }).expect(202);
      await whenIdle();
      expect(await fateOf(orderId)).toMatchObject({ state: 'retrying', attempts: 1 });
      clock.advance(1_000);
      await whenIdle();
      expect(await deadLettersOf(shop, NAME)).toMatchObject([{ attempts: 2, history: [{}, {}, {}] }]);

      mood = 'works';
      await decide('retry', { letters: [{ position }] }).expect(202);
      await shop.settle();
      expect(await fateOf(orderId)).toMatchObject({ state: 'done' });
      expect(await deadLettersOf(shop, NAME)).toEqual([]);
    });

    it('is tried again even when an operator asks while the reaction looks for what is due', async () => {
      const { orderId, position } = await openWithADeadLetter();
      mood = 'works';
      const deferred = shop.get(DeferredEvents);
      const next = deferred.next.bind(deferred);
      jest.spyOn(deferred, 'next').mockImplementationOnce(async (...which) => {
        const found = await next(...which);
        await shop.get(DeadLetters).retry(NAME, [position]);
        return found;
      });
      shop.get(Reactions).wake(NAME);
      await shop.until('it is tried again', async () => (await fateOf(orderId)).state === 'done');
    });

    it('that is skipped stays on record with the reason, and is never tried again', async () => {
      const { orderId, position } = await openWithADeadLetter();
      await decide('skip', { letters: [{ position }], reason: 'the customer wants no paper' }).expect(200);
      await shop.settle();
      clock.advance(DAY);
      shop.get(Reactions).wake(NAME);
      await whenIdle();
      expect(tries).toBe(1);
      expect(await fateOf(orderId)).toMatchObject({
        state: 'skipped',
        reason: 'the customer wants no paper',
        attempts: 1,
        error: 'Error: no paper',
      });
      expect(await statusOf(shop, NAME)).toMatchObject({ dead: 0, deferred: 0 });
      expect(await shop.get(DeferredEvents).find(NAME, position)).toMatchObject({
        reason: 'the customer wants no paper',
        history: [{ error: 'Error: no paper' }],
      });
      await decide('retry', { letters: [{ position }] }).expect(404);
    });

    it('is left alone by a request that names another position, too', async () => {
      const { position } = await openWithADeadLetter();
      mood = 'works';
      for (const other of [position - 1, position + 1, 999_999]) {
        const letters = [{ position }, { position: other }];
        const { body } = await decide('retry', { letters }).expect(404);
        expect(body).toMatchObject({
          code: 'dead-letter-not-found',
          detail: expect.stringContaining(`${NAME} has no dead letter at position ${other}`),
        });
        await decide('skip', { letters, reason: 'never' }).expect(404);
      }
      await whenIdle();
      expect(await statusOf(shop, NAME)).toMatchObject({ dead: 1 });
      expect(tries).toBe(1);
    });

    it('cannot be retried or skipped by a request that makes no sense', async () => {
      const { position } = await openWithADeadLetter();
      const nonsense = [
        {},
        [],
        { letters: [] },
        { letters: {} },
        { letters: [position] },
        { letters: [{}] },
        { letters: [{ position: 0 }] },
        { letters: [{ position: String(position) }] },
        { letters: [{ position: position + 0.5 }] },
        { letters: [{ position, more: true }] },
        { letters: [{ position }], force: true },
        { letters: Array.from({ length: 201 }, (_, at) => ({ position: at + 1 })) },
      ];
      for (const body of nonsense) {
        await decide('retry', body).expect(400);
        await decide('skip', Array.isArray(body) ? body : { ...body, reason: 'never' }).expect(400);
      }
      for (const reason of [undefined, '', ' ', 7, 'x'.repeat(501)]) {
        await decide('skip', { letters: [{ position }], reason }).expect(400);
      }
      expect(await statusOf(shop, NAME)).toMatchObject({ dead: 1, deferred: 0 });
      expect(tries).toBe(1);
    });

    it('is looked for in vain where there is no such reaction', async () => {
      await open({ modules: [PlatformModule] });
      const letters = [{ position: 1 }];
      for (const answer of [
        await shop.http().get('/reactions/gifts.unwrap/dead-letters'),
        await decide('retry', { letters }, 'gifts.unwrap'),
        await decide('skip', { letters, reason: 'never' }, 'gifts.unwrap'),
      ]) {
        expect(answer.status).toBe(404);
        expect(answer.body).toMatchObject({ code: 'reaction-not-found' });
      }
    });

    it('is listed page by page, oldest first', async () => {
      mood = 'fails';
      await open({ providers: [moody()] });
      for (let count = 0; count < 3; count++) await placeOrder();
      await whenIdle();
      const positions = (await deadLettersOf(shop, NAME)).map(({ position }) => position);
      expect(positions).toHaveLength(3);
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
      const inPages = async (state: string) => {
        const list = `/reactions/${NAME}/dead-letters?limit=2${state}`;
        const first = await shop.http().get(list).expect(200);
        const rest = await shop.http().get(`${list}&cursor=${first.body.next}`).expect(200);
        expect(rest.body.next).toBeUndefined();
        return [...first.body.items, ...rest.body.items].map(({ position }) => position);
      };
      expect(await inPages('')).toEqual(positions);
      await decide('skip', { letters: positions.map((position) => ({ position })), reason: 'no paper' }).expect(200);
      expect(await deadLettersOf(shop, NAME)).toEqual([]);
      expect(await inPages('&state=skipped')).toEqual(positions);
    });
  });
});

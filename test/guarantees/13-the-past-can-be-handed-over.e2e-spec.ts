import { AsyncResource } from 'node:async_hooks';
import { Type } from '@nestjs/common';
import { AppModule } from '../../src/app.module';
import { BookAdded, BookRepriced } from '../../src/catalog/catalog.events';
import { LoyaltyModule } from '../../src/loyalty/loyalty.module';
import { PlaceOrder } from '../../src/orders/commands/place-order.command';
import { Doctor } from '../../src/platform/invariants/doctor';
import { BackfillRehearsals } from '../../src/platform/reactions/backfill-rehearsals';
import { ReactionOptions, Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Reactions } from '../../src/platform/reactions/reactions.service';
import { callOut } from '../../src/platform/unit-of-work/outside-only';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { address, alice, Client, everythingStored, problemOf } from '../support/client';
import { dyingAt, ShopProcess } from '../support/shop-process';
import { addBook, context, deadLettersOf, raise, reaction, repriceBook, shopWithout, statusOf } from '../support/trade';

jest.setTimeout(60_000);

const POINTS = 'loyalty.award-points';
const NAME = 'test.note';

/** What fills the pages between the events that matter: more of them than are handed over at once. */
class Filler {
  static readonly type = 'test.filler';
  constructor(readonly number: number) {}
}

const MANY = 250;

type Heard = BookAdded | BookRepriced | Filler;

/** Something that a test waits for. */
function moment(): { reached: Promise<void>; reach: () => void } {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return { reached, reach: () => reach() };
}

describe('A new reaction is handed its history when an operator asks for it', () => {
  let shop: Bookshelf;
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  const backfill = async (name = NAME, reason?: string): Promise<number> =>
    (await shop.http().post(`/reactions/${name}/backfill`).send({ reason }).expect(202)).body.events;

  const dryRun = (name: string) =>
    shop.get(BackfillRehearsals).rehearse(shop.get(Reactions).find(name)!, undefined, () => undefined);

  describe('to whatever it does', () => {
    /** What the reaction has heard of each book, in its order: 0 for the book itself, then its prices. */
    let heard: Map<string, number[]>;
    let fillers: number;
    /** What the test adds to the handling of an event. */
    let before: (event: Heard) => unknown;

    const note = (options: ReactionOptions, types = [BookAdded, BookRepriced, Filler]): Type =>
      reaction<Heard>(
        types,
        NAME,
        async (event) => {
          await before(event);
          if (event instanceof Filler) fillers++;
          else {
            const price = event instanceof BookAdded ? 0 : event.price.amount;
            heard.set(event.bookId, [...(heard.get(event.bookId) ?? []), price]);
          }
        },
        options,
      );

    /** The shop with these reactions. */
    const start = (environment: Record<string, string>, folder: string | undefined, ...reactions: Type[]) =>
      Bookshelf.start({
        modules: [AppModule, context('TestModule', { Filler }, reactions)],
        clock,
        folder,
        environment,
      });

    async function open(...reactions: Type[]): Promise<void> {
      const folder = shop?.folder;
      await shop?.stop();
      shop = await start({}, folder, ...reactions);
    }

    const fill = () => raise(shop, ...Array.from({ length: MANY }, (_, number) => new Filler(number)));

    beforeEach(() => {
      heard = new Map();
      fillers = 0;
      before = () => undefined;
    });

    afterEach(async () => {
      expect(await shop.get(Doctor).examine()).toEqual([]);
      await shop.close();
      shop = undefined as never;
    });

    it('gets each event once where two programs are asked for it at the same time', async () => {
      await open();
      const book = await addBook(shop);
      await fill();
      await repriceBook(shop, book, 1);
      await open(note({}));
      const beside = await start({}, shop.folder, note({}));
      try {
        const answers = [shop, beside].map((one) => one.http().post(`/reactions/${NAME}/backfill`).expect(202));
        await Promise.all(answers);
        await shop.settle();
        await beside.settle();
      } finally {
        await beside.stop();
      }
      expect([heard.get(book), fillers]).toEqual([[0, 1], MANY]);
    });

    describe.each<[string, ReactionOptions]>([
      ['stores', {}],
      ['talks to the outside', { effects: 'external' }],
    ])('one that %s', (_, options) => {
      it('gets each event once, oldest first', async () => {
        await open();
        const books = [await addBook(shop), await addBook(shop)];
        await fill();
        for (const book of books) await repriceBook(shop, book, 1, 2);
        await open(note(options));
        await shop.settle();
        expect(heard.size).toBe(0);

        expect(await backfill()).toBe(MANY + 6);
        await shop.settle();
        expect([...heard.values(), fillers]).toEqual([[0, 1, 2], [0, 1, 2], MANY]);

        expect(await backfill()).toBe(0);
        await open(note(options));
        await shop.settle();
        expect([...heard.values(), fillers]).toEqual([[0, 1, 2], [0, 1, 2], MANY]);
      });

      it('gets what is raised meanwhile after the history of its stream, and at once where there is none', async () => {
        await open();
        const books = await Promise.all(Array.from({ length: 5 }, () => addBook(shop)));
        await fill();
        for (const book of books) await repriceBook(shop, book, 1, 2);
        await open(note(options));
        let isNewFirst = false;
        const { reached, reach } = moment();
        before = (event) => {
          if (event instanceof Filler) reach();
          if (event instanceof BookAdded && event.title === 'Persuasion') isNewFirst = fillers < MANY;
        };
        await backfill();
        await reached;
        await Promise.all([addBook(shop, 'Persuasion'), ...books.map((book) => repriceBook(shop, book, 3, 4))]);
        await shop.settle();
        expect(books.map((book) => heard.get(book))).toEqual(books.map(() => [0, 1, 2, 3, 4]));
        expect([fillers, isNewFirst]).toEqual([MANY, true]);
      });

      it('tries again what has failed, and hands over nothing of that stream before it', async () => {
        await open();
        const book = await addBook(shop);
        await fill();
        await repriceBook(shop, book, 1);
        await open(note(options));
        let isBroken = true;
        const { reached, reach } = moment();
        const outside = new AsyncResource('outside of the handler');
        before = (event) => {
          if (event instanceof BookAdded && isBroken) throw new Error('out of ink');
          if (!(event instanceof Filler)) return;
          reach();
          if (event.number !== MANY / 2) return;
          // It is handled now, when the younger price is parked, and the older one is still to come.
          isBroken = false;
          outside.runInAsyncScope(() => clock.advance(5_000));
        };
        await backfill();
        await reached;
        await repriceBook(shop, book, 2);
        await shop.settle();
        expect(heard.get(book)).toEqual([0, 1, 2]);
      });

      it('gives up what cannot be handled, and goes on with the rest', async () => {
        await open();
        const [bad, good] = [await addBook(shop, 'The Necronomicon'), await addBook(shop)];
        for (const book of [bad, good]) await repriceBook(shop, book, 1);
        await open(note(options));
        let isBroken = true;
        before = (event) => {
          if (event instanceof BookAdded && event.bookId === bad && isBroken) throw new Unrecoverable('not for us');
        };
        await backfill();
        await shop.until('it has gone through', async () => (await statusOf(shop, NAME)).state === 'idle');
        await repriceBook(shop, bad, 2);
        await repriceBook(shop, good, 2);
        await shop.until('it is heard', () => Promise.resolve(heard.get(good)?.length === 3));
        const letters = await deadLettersOf(shop, NAME);
        expect(letters).toMatchObject([{ type: BookAdded.type, reason: 'unrecoverable' }]);
        expect([...heard]).toEqual([[good, [0, 1, 2]]]);

        isBroken = false;
        const [{ position }] = letters;
        await shop
          .http()
          .post(`/reactions/${NAME}/dead-letters/retry`)
          .send({ letters: [{ position }] })
          .expect(202);
        await shop.settle();
        expect(heard.get(bad)).toEqual([0, 1, 2]);
      });

      it('is not handed what is older than something that it has handled', async () => {
        await open();
        const [gone, still] = [await addBook(shop), await addBook(shop)];
        for (const book of [gone, still]) await repriceBook(shop, book, 1);
        await open(note(options));
        await repriceBook(shop, gone, 2);
        await shop.settle();
        expect(await backfill()).toBe(4);
        await shop.settle();
        expect([...heard]).toEqual([
          [gone, [2]],
          [still, [0, 1]],
        ]);
        const client = new Client(shop);
        const { events } = await client.see(`/why/book/${gone}?reaction=${NAME}`);
        const reason = 'the reaction has been given a later event of the same stream';
        expect(events.map(({ reactions: [verdict] }: { reactions: object[] }) => verdict)).toMatchObject([
          { state: 'skipped', reason },
          { state: 'skipped', reason },
          { state: 'done' },
        ]);
        const [{ facts }] = (await client.see('/events?type=platform.backfill-finished')).items;
        expect(facts).toEqual({ reaction: NAME, events: 4, leftOut: 2 });
      });

      it('gets all of it where later events may overtake an earlier one', async () => {
        await open();
        const book = await addBook(shop);
        await open(note({ ...options, onFailure: 'overtake' }));
        await repriceBook(shop, book, 1);
        await shop.settle();
        await backfill();
        await shop.settle();
        expect([...heard]).toEqual([[book, [1, 0]]]);
      });
    });

    it('is foretold what would go out, and what would fail', async () => {
      await open();
      const books = [await addBook(shop), await addBook(shop, 'The Necronomicon')];
      await fill();
      for (const book of books) await repriceBook(shop, book, 1, 2);
      before = async (event) => {
        if (event instanceof BookAdded && event.title === 'The Necronomicon') throw new Error('not for us');
        if (event instanceof Filler) return;
        await callOut('a letter was sent', {}, () => Promise.reject(new Error('it went out')), undefined);
      };
      await open(note({ effects: 'external' }));
      const forecast = await dryRun(NAME);
      expect(forecast).toMatchObject({ handled: MANY + 3, failed: 1, waiting: 2 });
      expect([...forecast.outside]).toEqual([['a letter was sent', 3]]);
      expect([...forecast.failures.values()]).toMatchObject([{ events: 1, error: 'Error: not for us' }]);
      expect([...forecast.leftOut, ...forecast.rows, ...forecast.raised]).toEqual([]);
      expect(await statusOf(shop, NAME)).toMatchObject({ deferred: 0, dead: 0, state: 'idle' });
    });

    it('that was taught a type gets that type only, and nothing older than what it has handled', async () => {
      await open(note({}, [BookAdded]));
      const [one, other] = [await addBook(shop), await addBook(shop)];
      await repriceBook(shop, one, 1);
      await open(note({}, [BookAdded, BookRepriced]));
      await repriceBook(shop, other, 1);
      expect(await backfill()).toBe(1);
      await shop.settle();
      expect([heard.get(one), heard.get(other)]).toEqual([
        [0, 1],
        [0, 1],
      ]);
    });

    it('that has forgotten a type and was taught it again gets nothing of it, as it may have handled it', async () => {
      await open(note({}, [BookAdded, BookRepriced]));
      const book = await addBook(shop);
      await repriceBook(shop, book, 1);
      await shop.settle();
      await open(note({}, [BookAdded]));
      await repriceBook(shop, book, 2);
      await open(note({}, [BookAdded, BookRepriced]));
      expect(await backfill()).toBe(0);
      await shop.settle();
      expect(heard.get(book)).toEqual([0, 1]);
    });

    it('may not forget a type while it is handed the history of it', async () => {
      await open();
      await repriceBook(shop, await addBook(shop), 1);
      await open(note({}));
      const { folder } = shop;
      await shop.stop();
      shop = await start({ REACTIONS: 'off' }, folder, note({}));
      expect(await backfill()).toBe(2);
      await shop.stop();
      await expect(start({}, folder, note({}, [BookRepriced]))).rejects.toThrow(/let that finish first/);
      shop = await start({}, folder, note({}));
      await shop.settle();
      expect([...heard.values()]).toEqual([[0, 1]]);
    });

    it('that began with the first event has no history', async () => {
      await open();
      const book = await addBook(shop);
      await open(note({ from: 'beginning' }));
      expect(await backfill()).toBe(0);
      await shop.settle();
      expect(heard.get(book)).toEqual([0]);
    });
  });

  describe('points for the orders of before there were points', () => {
    afterEach(() => shop.close());

    /** A shop that has never heard of points. */
    async function openWithoutPoints(): Promise<Client> {
      shop = await Bookshelf.start({ modules: shopWithout(LoyaltyModule) });
      return new Client(shop);
    }

    /** The kind of each line of Alice's ledger, and for which order. */
    const ledger = async () => {
      const { body } = await shop.http().get('/loyalty/alice@example.com');
      return (body.items ?? []).map(({ kind, orderId }: { kind: string; orderId: string }) => `${kind} ${orderId}`);
    };

    it('are awarded once, also where it was cancelled before, and not where it was cancelled since', async () => {
      let client = await openWithoutPoints();
      const bookId = await client.addBook();
      const [kept, cancelled, cancelledSince] = [
        await client.order({ [bookId]: 1 }),
        await client.order({ [bookId]: 1 }),
        await client.order({ [bookId]: 1 }),
      ];
      await client.move(cancelled, 'cancel');
      await shop.settle();
      await shop.stop();
      shop = await Bookshelf.start({ folder: shop.folder });
      client = new Client(shop);
      await client.move(cancelledSince, 'cancel');
      await shop.settle();
      expect(await ledger()).toEqual([]);

      expect(await backfill(POINTS, 'points for old friends')).toBe(4);
      await shop.settle();
      expect(await ledger()).toEqual([`awarded ${kept}`, `awarded ${cancelled}`, `revoked ${cancelled}`]);
      const [asked] = (await client.see('/events?type=platform.backfill-asked')).items;
      expect(asked).toMatchObject({ facts: { reaction: POINTS, events: 4, reason: 'points for old friends' } });

      // From now on it is an order like any other.
      await client.move(kept, 'cancel');
      expect(await backfill(POINTS)).toBe(0);
      await shop.settle();
      expect((await ledger()).slice(3)).toEqual([`revoked ${kept}`]);
    });

    it('are foretold by a dry run, of which nothing stays but that it was asked for', async () => {
      let client = await openWithoutPoints();
      const bookId = await client.addBook();
      const orders = [];
      for (let at = 0; at < 4; at++) orders.push(await client.order({ [bookId]: 1 }));
      await client.move(orders[0], 'cancel');
      await shop.settle();
      await shop.stop();
      shop = await Bookshelf.start({ folder: shop.folder });
      client = new Client(shop);
      await client.move(orders[1], 'cancel');
      await shop.settle();

      const before = await everythingStored(shop);
      const reactions = await shop.rows('SELECT * FROM reaction WHERE backfill IS NOT NULL OR name = $1', [POINTS]);
      const forecast = await dryRun(POINTS);
      const { event_log: log, ...tables } = await everythingStored(shop);
      const { event_log: logBefore, ...tablesBefore } = before;
      expect(tables).toEqual(tablesBefore);
      expect(log.filter((line) => !line.includes('"platform.backfill-rehearsal-asked"'))).toEqual(logBefore);
      expect(await shop.rows('SELECT * FROM reaction WHERE backfill IS NOT NULL OR name = $1', [POINTS])).toEqual(
        reactions,
      );
      expect(forecast.samples[0]).toMatchObject({
        events: [{ type: 'orders.order-placed' }, { type: 'orders.order-cancelled' }],
        raised: [{ type: 'loyalty.points-awarded' }, { type: 'loyalty.points-revoked' }],
      });

      await backfill(POINTS);
      await shop.settle();
      const count = async (table: string) => (await shop.rows(`SELECT 1 FROM ${table}`)).length;
      const raised = (type: string) => shop.rows('SELECT 1 FROM event_log WHERE type = $1', [type]);
      const [finished] = (await client.see('/events?type=platform.backfill-finished')).items;
      expect({
        events: forecast.total,
        leftOut: [...forecast.leftOut.values()].reduce((sum, one) => sum + one, 0),
        handled: forecast.handled,
        rows: [...forecast.rows].map(([table, keys]) => [table, keys.size]),
        raised: [...forecast.raised],
        failed: forecast.failed,
      }).toEqual({
        events: finished.facts.events,
        leftOut: finished.facts.leftOut,
        handled: 4,
        rows: [
          ['loyalty_account', await count('loyalty_account')],
          ['loyalty_entry', await count('loyalty_entry')],
        ],
        raised: [
          ['loyalty.points-awarded', (await raised('loyalty.points-awarded')).length],
          ['loyalty.points-revoked', (await raised('loyalty.points-revoked')).length],
        ],
        failed: 0,
      });
    });

    it('are awarded once, wherever the process is killed', async () => {
      const client = await openWithoutPoints();
      const bookId = await client.addBook();
      await client.adjust(bookId, 1_000);
      const wish = { customer: alice, shippingAddress: address, items: [{ bookId, quantity: 1 }] };
      const orders = await Promise.all(Array.from({ length: 100 }, () => shop.send(new PlaceOrder(wish))));
      await shop.settle();
      await shop.stop();

      const { folder } = shop;
      const first = await ShopProcess.start({ folder, environment: dyingAt('INSERT INTO loyalty_entry', 'COMMIT') });
      await first.http().post(`/reactions/${POINTS}/backfill`).expect(202);
      await first.ended;

      const second = ShopProcess.launch({
        folder,
        environment: dyingAt('INSERT INTO loyalty_entry', 'after COMMIT'),
      });
      await second.ended;
      shop = await Bookshelf.start({ folder });
      await shop.settle();
      const rows = await shop.rows<{ id: string }>('SELECT order_id AS id FROM loyalty_entry ORDER BY id');
      expect(rows.map(({ id }) => id).sort()).toEqual(orders.toSorted());
      expect(await shop.rows(`SELECT count(*) AS handed FROM reaction_batch WHERE reaction = '${POINTS}'`)).toEqual([
        { handed: 2 },
      ]);
    });
  });

  describe('refuses', () => {
    beforeAll(async () => {
      shop = await Bookshelf.start();
    });
    afterAll(() => shop.close());

    it.each([
      [
        'a projection, and says how that is built anew',
        'catalog.browse',
        409,
        /POST \/reactions\/catalog.browse\/rebuild/,
      ],
      ['one within the transaction', 'inventory.reserve-stock', 409, /cannot be refused any more/],
      ['one that does not exist', 'loyalty.award-pints', 404, /there is no reaction called loyalty.award-pints/],
    ])('%s', async (_, name, status, detail) => {
      const answer = await shop.http().post(`/reactions/${name}/backfill`).send({});
      expect(problemOf(answer)).toMatchObject({ status, detail: expect.stringMatching(detail) });
    });
  });
});

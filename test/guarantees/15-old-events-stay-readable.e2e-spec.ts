import * as fc from 'fast-check';
import { AppModule } from '../../src/app.module';
import { BookAdded } from '../../src/catalog/catalog.events';
import { Book } from '../../src/catalog/model/book';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { OrderPlaced } from '../../src/orders/orders.events';
import { EventClass } from '../../src/platform/event-log/event-types';
import { PlatformModule } from '../../src/platform/platform.module';
import { retiresReactions } from '../../src/platform/reactions/discovery';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { orderFor } from '../support/client';
import { addBook, context, deadLettersOf, raise, reaction } from '../support/trade';

/** The first shape of an event, which has lived: today it is `NoteTaken` below. */
class FirstNote {
  static readonly type = 'notes.note-taken';
  constructor(readonly text: unknown) {}
}

class SecondNote {
  static readonly type = 'notes.note-taken';
  static readonly version = 2;
  static readonly upcasters: EventClass['upcasters'] = { 1: ({ text }) => ({ words: String(text).split(' ') }) };
  readonly words: readonly string[];

  constructor(facts: Pick<SecondNote, 'words'>) {
    Object.assign(this, facts);
  }
}

class NoteTaken {
  static readonly type = 'notes.note-taken';
  static readonly version = 3;
  static upcasters: EventClass['upcasters'] = {
    1: SecondNote.upcasters![1],
    2: ({ words }) => ({ words, count: (words as string[]).length }),
  };
  readonly words: readonly string[];
  readonly count: number;

  constructor(facts: Pick<NoteTaken, 'words' | 'count'>) {
    Object.assign(this, facts);
  }

  get first(): string {
    return this.words[0];
  }
}

/** Everything that is not frozen in a value, by its path. */
function soft(value: unknown, path = 'event'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, item]) => soft(item, `${path}.${key}`));
  return Object.isFrozen(value) ? below : [path, ...below];
}

describe('Old events stay readable', () => {
  let shop: Bookshelf;
  let clock: ManualClock;
  const heard: object[] = [];

  const file = (event: EventClass, options = {}) => reaction(event, 'notes.file', (note) => heard.push(note), options);

  /** The program as it is when the event has this shape. With nobody listening, if nobody is given. */
  async function open(event: EventClass, listening = false, folder?: string) {
    const listener = listening ? file(event) : retiresReactions('notes.file');
    const modules = [PlatformModule, context('NotesModule', { [event.name]: event }, [listener])];
    shop = await Bookshelf.start({ modules, clock, folder });
  }

  async function reopen(event: EventClass, listening = false) {
    await shop.stop();
    await open(event, listening, shop.folder);
  }

  beforeEach(() => {
    clock = new ManualClock();
    heard.splice(0);
  });

  afterEach(() => shop.close());

  describe('an event of an older version', () => {
    beforeEach(async () => {
      await open(FirstNote, true);
      await reopen(FirstNote);
      await raise(shop, new FirstNote('buy more paper'));
    });

    it('is lifted to today’s shape, step by step, when it is read', async () => {
      await reopen(SecondNote);
      await raise(shop, new SecondNote({ words: ['sell', 'books'] }));
      await reopen(NoteTaken, true);
      await raise(shop, new NoteTaken({ words: ['rest'], count: 1 }));
      await shop.settle();
      expect(heard).toEqual([
        new NoteTaken({ words: ['buy', 'more', 'paper'], count: 3 }),
        new NoteTaken({ words: ['sell', 'books'], count: 2 }),
        new NoteTaken({ words: ['rest'], count: 1 }),
      ]);
      expect(heard.map((note) => (note as NoteTaken).first)).toEqual(['buy', 'sell', 'rest']);
      expect(heard.flatMap((note) => soft(note))).toEqual([]);

      const { body } = await shop.http().get('/events').expect(200);
      expect(body.items.map(({ version, facts }: Record<string, unknown>) => [version, facts])).toEqual([
        [1, { text: 'buy more paper' }],
        [2, { words: ['sell', 'books'] }],
        [3, { words: ['rest'], count: 1 }],
      ]);
    });

    it.each([
      [
        'throws',
        () => {
          throw new RangeError('too many words');
        },
        "NoteMisread's upcaster from version 1 failed: RangeError: too many words",
      ],
      ['makes what is no plain data', () => ({ words: [new Date(0)], count: 1 }), 'NoteMisread.words[0] is a Date'],
    ])(
      'is a dead letter at once when its upcaster %s, and can be handled after a correction',
      async (_, upcaster, error) => {
        class NoteMisread extends NoteTaken {
          static override upcasters: EventClass['upcasters'] = { 1: upcaster, 2: (facts) => facts };
        }
        await reopen(NoteMisread, true);
        await shop.settle(2_000);
        expect(heard).toEqual([]);
        const [{ position, ...letter }] = await deadLettersOf(shop, 'notes.file');
        expect(letter).toMatchObject({ reason: 'unrecoverable', attempts: 1, error: expect.stringContaining(error) });

        await reopen(NoteTaken, true);
        await shop
          .http()
          .post('/reactions/notes.file/dead-letters/retry')
          .send({ letters: [{ position }] })
          .expect(202);
        await shop.settle();
        expect(heard).toEqual([new NoteTaken({ words: ['buy', 'more', 'paper'], count: 3 })]);
      },
    );
  });

  it('does not misread an event of a newer program, but keeps it as a dead letter until that is back', async () => {
    await open(SecondNote, true);
    await reopen(SecondNote);
    await raise(shop, new SecondNote({ words: ['sell', 'books'] }));
    await reopen(FirstNote, true);
    await shop.settle();
    expect(heard).toEqual([]);
    const [{ position, ...letter }] = await deadLettersOf(shop, 'notes.file');
    expect(letter).toMatchObject({
      reason: 'unrecoverable',
      error: expect.stringContaining('FirstNote of version 2 was written by a newer program'),
    });
    await reopen(SecondNote, true);
    await shop
      .http()
      .post('/reactions/notes.file/dead-letters/retry')
      .send({ letters: [{ position }] })
      .expect(202);
    await shop.settle();
    expect(heard).toEqual([new SecondNote({ words: ['sell', 'books'] })]);
  });

  describe('an event is frozen with everything in it', () => {
    const vandalize = (event: OrderPlaced) => {
      const attempts = [
        () => Object.assign(event, { shippingAddress: 'elsewhere' }),
        () => Object.assign(event.customer, { name: 'Eve' }),
        () => (event.items as unknown[]).push('more'),
        () => Object.assign(event.items[0], { quantity: 99 }),
        () => Object.assign(event.items[0].unitPrice, { amount: 0 }),
        () => delete (event as Partial<Record<keyof OrderPlaced, unknown>>).total,
      ];
      for (const attempt of attempts) expect(attempt).toThrow(TypeError);
    };

    it('when reactions get it, within the transaction, after the commit and outside of any', async () => {
      const hear = (name: string, options = {}) =>
        reaction(
          OrderPlaced,
          name,
          (event) => {
            vandalize(event);
            heard.push(event);
          },
          options,
        );
      shop = await Bookshelf.start({
        providers: [
          hear('gifts.within', { within: 'transaction' }),
          hear('gifts.after'),
          hear('gifts.outside', { effects: 'external' }),
        ],
      });
      const bookId = await addBook(shop);
      await shop.settle();
      await shop.http().post('/orders').send(orderFor(bookId)).expect(201);
      await shop.settle();
      expect(heard).toHaveLength(3);
      expect(heard.flatMap((event) => soft(event))).toEqual([]);
      expect(heard[1]).toEqual(heard[0]);
      expect(heard[2]).toEqual(heard[0]);
    });

    it('when its aggregate has committed it', async () => {
      shop = await Bookshelf.start({ modules: [AppModule] });
      const price = { amount: 850, currency: 'USD' };
      const book = Book.add({ id: 'b1', title: 'Emma', author: 'Jane Austen', price, addedAt: new Date(0) });
      const [event] = book.getUncommittedEvents() as BookAdded[];
      await shop.work.run('test', async () => {
        await shop.get(BookRepository).save(book);
        book.commit();
        expect(soft(event)).toEqual([]);
      });
      expect(() => Object.assign(event.price, { amount: 0 })).toThrow(TypeError);
    });
  });

  it('gives back what went in, whatever that was', async () => {
    const unit = fc.oneof(
      fc.constantFrom('\0', '"', '\\', '\ud83d', '\ude00', '😀', '\u2028', "'", '$1', '?1'),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.string({ unit }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(fc.string({ unit }), fc.oneof(tie('value'), fc.constant(undefined)), { noNullPrototype: false }),
      ),
    }));
    const within: object[] = [];
    const modules = [
      PlatformModule,
      context('NotesModule', { FirstNote }, [
        file(FirstNote),
        reaction(FirstNote, 'notes.read-at-once', (note) => within.push(note), { within: 'transaction' }),
      ]),
    ];
    shop = await Bookshelf.start({ modules, clock });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 8 }), async (values) => {
        const notes = values.map((one) => new FirstNote(one));
        // JSON knows no -0.
        const expected = values.map((one) => ({ text: withoutMinusZero(one) }));
        heard.splice(0);
        within.splice(0);
        await raise(shop, ...notes);
        await shop.settle();
        expect(within).toEqual(notes);
        expect(heard.map((note) => ({ ...note }))).toEqual(expected);
        expect(heard.every((note) => note instanceof FirstNote)).toBe(true);
        expect(heard.flatMap((note) => soft(note))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('Events carry plain data only: what would not come back as it went in', () => {
  let shop: Bookshelf;

  beforeAll(async () => {
    shop = await Bookshelf.start({ modules: [PlatformModule, context('NotesModule', { FirstNote })] });
  });

  afterAll(() => shop.close());

  const cycle: Record<string, unknown> = {};
  cycle.itself = cycle;
  const deep = JSON.parse('['.repeat(40) + ']'.repeat(40)) as unknown;

  it.each<[string, unknown, string, string?]>([
    ['a date', new Date(0), 'text is a Date'],
    ['a date in a list', [{ when: new Date(0) }], 'text[0].when is a Date'],
    ['an instance of a class', { book: new FirstNote('') }, 'text.book is a FirstNote'],
    ['an object of no class', Object.create(Object.create(null) as object), 'text is '],
    ['a function', () => undefined, 'text is a function'],
    ['a method', { pages: { toJSON: () => 7 } }, 'text.pages.toJSON is a function'],
    ['a symbol', Symbol('x'), 'text is a symbol'],
    ['NaN', [1, NaN], 'text[1] is NaN'],
    ['Infinity', { count: Infinity }, 'text.count is Infinity'],
    ['minus Infinity', -Infinity, 'text is -Infinity'],
    ['undefined in a list', ['a', undefined], 'text[1] is undefined'],
    ['a hole in a list', ['a', , 'b'], 'text[1] is undefined'],
    ['a bigint', 1n, 'text is a bigint'],
    ['a map', new Map(), 'text is a Map'],
    ['a set', [new Set()], 'text[0] is a Set'],
    ['bytes', new Uint8Array(2), 'text is a Uint8Array'],
    ['a boxed text', new String('x'), 'text is a String'],
    ['a cycle', cycle, 'nested too deeply, or a cycle'],
    ['a tower', deep, 'nested too deeply, or a cycle'],
  ])('is refused, with the place: %s', async (_, value, complaint) => {
    const refused = raise(shop, new FirstNote('fine'), new FirstNote(value));
    await expect(refused).rejects.toThrow(`FirstNote.${complaint.startsWith('nested') ? 'text' : complaint}`);
    await expect(refused).rejects.toThrow(complaint);
    await expect(refused).rejects.toThrow('events carry strings, finite numbers, booleans, null, arrays');
    expect((await shop.http().get('/events').expect(200)).body.items).toEqual([]);
  });
});

function withoutMinusZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutMinusZero(item)]));
}

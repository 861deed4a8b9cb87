import { BookAdded } from '../../src/catalog/catalog.events';
import { ApplyRuleOnRuleStep } from '../../src/alerts/reactions/apply-rule-on-rule-step.reaction';
import { Mail } from '../../src/notifications/outside/mailer';
import { Doctor } from '../../src/platform/invariants/doctor';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf, ManualClock, SECRET } from '../support/bookshelf';
import { Client, everythingStored, nobody, problemOf, type Json } from '../support/client';
import { collectMail } from '../support/outbox';
import { notice, signed } from '../support/payments';
import { reaction } from '../support/trade';

/** How often the shop looks at what changes without an event. */
const LOOK = 15_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What the two reactions of this test do with a book. */
let read: () => unknown = () => undefined;
let dawdle: () => unknown = () => undefined;
const providers = [
  reaction(BookAdded, 'test.read', () => read()),
  reaction(BookAdded, 'test.dawdle', () => dawdle(), { effects: 'external' }),
];

describe('Being alerted', () => {
  let clock: ManualClock;
  let shop: Bookshelf;
  let client: Client;

  let mail: readonly Mail[];

  async function open(folder?: string): Promise<void> {
    shop = await Bookshelf.start({ clock, providers, folder, environment: { STAFF_EMAIL: 'crew@bookshelf.example' } });
    client = new Client(shop);
    mail = collectMail(shop);
  }

  beforeAll(async () => {
    clock = new ManualClock();
    await open();
  });
  // What one test watches, the next one does not.
  afterEach(async () => {
    for (const { id, status } of (await client.see('/alerts/rules?limit=200')).items) {
      if (status === 'ACTIVE') await client.post(`/alerts/rules/${id}/retire`);
    }
    await shop.settle();
    expect((await client.see('/alerts?status=open')).items).toEqual([]);
  });
  afterAll(async () => {
    expect(await shop.get(Doctor).examine()).toEqual([]);
    await shop.close();
  });

  const draft = async (rule: object): Promise<string> => {
    const answer = await client.post('/alerts/rules', rule);
    expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('"id"')]);
    return answer.body.id;
  };
  const move = async (ruleId: string, step: 'activate' | 'retire'): Promise<Json> => {
    const answer = await client.post(`/alerts/rules/${ruleId}/${step}`);
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    await shop.settle();
    return answer.body;
  };
  const watch = async (rule: object): Promise<string> => {
    const ruleId = await draft(rule);
    await move(ruleId, 'activate');
    return ruleId;
  };
  /** The alerts of a rule, the oldest first. */
  const alertsOf = async (ruleId: string): Promise<Json[]> => {
    await shop.settle();
    const { items } = await client.see('/alerts?limit=200');
    return items.filter((alert: Json) => alert.ruleId === ruleId).reverse();
  };
  /** Each with its value, and how it ended: "2", or "2 recovered at 5". */
  const storyOf = async (ruleId: string): Promise<string[]> =>
    (await alertsOf(ruleId)).map(({ value, status, reason, clearedValue }: Json) =>
      status === 'open' ? `${value}` : `${value} ${reason}${clearedValue === undefined ? '' : ` at ${clearedValue}`}`,
    );
  /** The counted copies of a book go through these numbers. */
  const copiesGo = async (bookId: string, ...numbers: readonly number[]): Promise<void> => {
    for (const number of numbers) await client.adjust(bookId, number - (await client.stock(bookId))[2]);
    await shop.settle();
  };
  /** Their subjects, the oldest first. */
  const lettersToStaff = async (): Promise<string[]> => {
    const { items } = await client.see('/notifications?limit=200');
    return items.filter(({ kind }: Json) => kind.startsWith('alert-')).map(({ subject }: Json) => subject);
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await shop.settle();
  };
  const pay = async (orderId: string, amount: number): Promise<void> => {
    const message = notice(orderId, amount);
    const { status } = await client.post('/payments', message, signed(message, SECRET, clock.now()));
    expect(status).toBe(202);
    await shop.settle();
  };

  describe('of the copies of a book', () => {
    it('staff hear once when they run low, and once when there are enough again', async () => {
      const bookId = await client.addBook({ title: 'Emma' });
      const ruleId = await watch({ ...low, bookId, clearAt: 5 });
      await copiesGo(bookId, 3, 2, 3, 2, 4, 1);
      expect(await alertsOf(ruleId)).toEqual([
        {
          ...{ id: expect.any(String), ruleId, metric: 'available-copies', bookId, title: 'Emma', comparison: 'below' },
          ...{ threshold: 3, clearAt: 5, value: 2, status: 'open', raisedAt: clock.now().toISOString() },
        },
      ]);
      await copiesGo(bookId, 5);
      expect((await alertsOf(ruleId))[0]).toMatchObject({
        ...{ status: 'cleared', reason: 'recovered', clearedValue: 5, clearedAt: clock.now().toISOString() },
      });
      await copiesGo(bookId, 4, 0);
      expect(await storyOf(ruleId)).toEqual(['2 recovered at 5', '0']);
      await move(ruleId, 'retire');
      expect(mail.filter(({ text }) => text.includes(ruleId))).toMatchObject([
        {
          to: { email: 'crew@bookshelf.example' },
          subject: 'Alert: Copies of Emma: 2',
          text: expect.stringContaining(
            'Copies of Emma: 2, which is below 3. You will hear of it again when it is 5 or more.',
          ),
          html: expect.stringContaining('Copies of Emma: 2, which is below 3.'),
        },
        { subject: 'Over: Copies of Emma: 5 now' },
        { subject: 'Alert: Copies of Emma: 0' },
      ]);
      const onRecord = (await client.see('/notifications?limit=200')).items;
      expect(onRecord.slice(0, 3)).toMatchObject([
        { kind: 'alert-raised', status: 'SENT' },
        { kind: 'alert-cleared', status: 'SENT' },
        { kind: 'alert-raised', status: 'SENT' },
      ]);
    });

    it('orders count, and orders that are called off', async () => {
      const bookId = await client.addBook();
      const ruleId = await watch({ ...low, bookId });
      const order = await client.order({ [bookId]: 9 });
      expect(await storyOf(ruleId)).toEqual(['1']);
      await client.move(order, 'cancel');
      expect(await storyOf(ruleId)).toEqual(['1 recovered at 10']);
    });

    it('a draft is silent, an active rule tells what is so already, and a retired one ends what it has told', async () => {
      const bookId = await client.addBook();
      const ruleId = await draft({ ...low, bookId });
      await copiesGo(bookId, 1);
      expect(await storyOf(ruleId)).toEqual([]);
      expect(await move(ruleId, 'activate')).toMatchObject({ id: ruleId, status: 'ACTIVE', threshold: 3, clearAt: 4 });
      expect(await storyOf(ruleId)).toEqual(['1']);
      await move(ruleId, 'retire');
      expect(await storyOf(ruleId)).toEqual(['1 rule-retired']);
      await copiesGo(bookId, 9, 0);
      expect(await storyOf(ruleId)).toEqual(['1 rule-retired']);
    });

    it('a rule without a book watches each of them, however many', async () => {
      const books: string[] = [];
      for (let count = 0; count < 5; count++) books.push(await client.addBook());
      const others = books.splice(3);
      for (const bookId of books) await copiesGo(bookId, 12);
      const applying = shop.get(ApplyRuleOnRuleStep);
      applying.mostAtOnce = 2;
      const ruleId = await watch({ metric: 'available-copies', comparison: 'above', threshold: 11 });
      expect((await alertsOf(ruleId)).map(({ bookId }) => bookId).sort()).toEqual([...books].sort());
      await copiesGo(others[0], 13);
      await copiesGo(books[0], 9);
      expect((await storyOf(ruleId)).sort()).toEqual(['12', '12', '12 recovered at 9', '13']);
      await move(ruleId, 'retire');
      expect((await storyOf(ruleId)).filter((story) => story.endsWith('rule-retired'))).toHaveLength(3);
      applying.mostAtOnce = 100;
      const { items } = await client.see('/events?type=alerts.rule-partly-applied');
      expect(items.length).toBeGreaterThanOrEqual(2);
    });

    it('many changes at the same time make one alert', async () => {
      const bookId = await client.addBook();
      const rules = [await watch({ ...low, bookId }), await watch({ ...low, threshold: 5 })];
      const take = () => client.post(`/inventory/${bookId}/adjustments`, { amount: -1, reason: 'lost' });
      const answers = await Promise.all(Array.from({ length: 10 }, take));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
      const told = await Promise.all(rules.map(alertsOf));
      expect(told.map((alerts) => alerts.filter((alert) => alert.bookId === bookId))).toMatchObject([
        [{ value: 2, status: 'open' }],
        [{ value: 4, status: 'open' }],
      ]);
    });

    it('nobody is told of a book that is not sold any more', async () => {
      const [bookId, other] = [await client.addBook(), await client.addBook()];
      const ruleId = await watch(low);
      await copiesGo(bookId, 2);
      await client.post(`/books/${bookId}/withdraw`, { reason: 'out of print' });
      await client.post(`/books/${other}/withdraw`, { reason: 'out of print' });
      const own = async () => (await alertsOf(ruleId)).filter((one) => [bookId, other].includes(one.bookId));
      expect(await own()).toMatchObject([{ status: 'cleared', reason: 'book-withdrawn' }]);
      await copiesGo(bookId, 0);
      await copiesGo(other, 0);
      expect(await own()).toHaveLength(1);
      const later = await watch(low);
      expect((await alertsOf(later)).map((alert) => alert.bookId)).not.toContain(bookId);
    });
  });

  it('of the orders of an hour staff hear when there are many, and when the hour has passed', async () => {
    await pass(2 * HOUR);
    const bookId = await client.addBook();
    const many = await watch({ metric: 'orders-per-hour', comparison: 'above', threshold: 3, clearAt: 1 });
    const few = await watch({ metric: 'orders-per-hour', comparison: 'below', threshold: 2, clearAt: 2 });
    expect(await storyOf(few)).toEqual(['0']);
    for (const minutes of [0, 20, 20, 5]) {
      await pass(minutes * MINUTE);
      await client.order({ [bookId]: 1 });
    }
    expect(await storyOf(few)).toEqual(['0 recovered at 2']);
    expect(await storyOf(many)).toEqual(['4']);
    // 45 minutes after the first one.
    await pass(14 * MINUTE);
    expect(await storyOf(many)).toEqual(['4']);
    await pass(MINUTE);
    await pass(20 * MINUTE - LOOK);
    expect(await storyOf(many)).toEqual(['4']);
    await pass(20 * MINUTE + LOOK);
    expect(await storyOf(many)).toEqual(['4 recovered at 1']);
    expect(await storyOf(few)).toEqual(['0 recovered at 2', '1']);
  });

  describe('of the revenue of a day', () => {
    /** To the first minute of the next day. */
    const nextDay = () => pass(24 * HOUR - (clock.now().getTime() % (24 * HOUR)) + MINUTE);
    const orderOf = async (copies: number) => client.order({ [await client.addBook()]: copies });

    it('staff hear when it is high, and when money went back or the day is over', async () => {
      await nextDay();
      const ruleId = await watch({ metric: 'revenue-per-day', comparison: 'above', threshold: 20.5 });
      const order = await orderOf(2);
      await pay(order, 12.99);
      expect(await alertsOf(ruleId)).toEqual([]);
      await pay(order, 12.99);
      expect(await alertsOf(ruleId)).toMatchObject([
        { currency: 'USD', threshold: 20.5, clearAt: 18.45, value: 25.98, status: 'open' },
      ]);
      await client.move(order, 'cancel');
      expect(await storyOf(ruleId)).toEqual(['25.98 recovered at 0']);
      await pay(await orderOf(3), 38.97);
      expect(await storyOf(ruleId)).toEqual(['25.98 recovered at 0', '38.97']);
      await nextDay();
      expect(await storyOf(ruleId)).toEqual(['25.98 recovered at 0', '38.97 recovered at 0']);
    });

    it('staff hear when a day that is over was poor, until one was better', async () => {
      await nextDay();
      const ruleId = await watch({ metric: 'revenue-per-day', comparison: 'below', threshold: 50, clearAt: 60 });
      await pay(await orderOf(3), 38.97);
      expect(await storyOf(ruleId)).toEqual([]);
      await nextDay();
      expect(await storyOf(ruleId)).toEqual(['38.97']);
      await pay(await orderOf(4), 51.96);
      await nextDay();
      await pay(await orderOf(5), 64.95);
      expect(await storyOf(ruleId)).toEqual(['38.97']);
      await nextDay();
      expect(await storyOf(ruleId)).toEqual(['38.97 recovered at 64.95']);
    });
  });

  it('of a reaction that is behind staff hear, and when it has caught up', async () => {
    const about = await watch({ metric: 'reaction-lag', comparison: 'above', threshold: 2, reaction: 'test.dawdle' });
    const each = await watch({ metric: 'reaction-lag', comparison: 'above', threshold: 2 });
    let wakeUp: () => void = () => undefined;
    const asleep = new Promise<void>((done) => (wakeUp = done));
    dawdle = () => asleep;
    for (let count = 0; count < 5; count++) await client.addBook();
    const told = async () =>
      (await client.see('/alerts?status=open')).items.map(({ ruleId, reaction }: Json) => [ruleId, reaction]);
    const reads = async () => (await client.see('/reactions/inventory.open-stock')).lag === 0;
    await shop.until('only one reaction is behind', reads);
    clock.advance(LOOK);
    await shop.until('staff are told', async () => (await told()).length >= 2);
    expect(await told()).toEqual(
      expect.arrayContaining([
        [about, 'test.dawdle'],
        [each, 'test.dawdle'],
      ]),
    );
    wakeUp();
    await shop.settle();
    await pass(LOOK);
    expect(await storyOf(about)).toEqual([expect.stringMatching(/^[45] recovered at 0$/)]);
  });

  it('of events that a reaction has given up on staff hear, until somebody has looked after them', async () => {
    const ruleId = await watch({ metric: 'dead-letters', comparison: 'above', threshold: 0 });
    read = () => {
      throw new Unrecoverable('the light is out');
    };
    await client.addBook();
    await pass(LOOK);
    await client.addBook();
    await pass(LOOK);
    expect(await alertsOf(ruleId)).toMatchObject([{ reaction: 'test.read', value: 1, status: 'open' }]);
    read = () => undefined;
    await client.post('/reactions/test.read/dead-letters/retry', { all: true });
    await pass(LOOK);
    await pass(LOOK);
    expect(await storyOf(ruleId)).toEqual(['1 recovered at 0']);
  });

  it('nothing is looked at while nobody watches what changes with time', async () => {
    await watch(low);
    await pass(LOOK);
    const before = await everythingStored(shop);
    await pass(HOUR);
    expect(await everythingStored(shop)).toEqual(before);
  });

  it('a program that begins again goes on: what was told is not told again, and what has changed meanwhile is', async () => {
    const bookId = await client.addBook();
    const copies = await watch({ ...low, bookId });
    const orders = await watch({ metric: 'orders-per-hour', comparison: 'above', threshold: 0 });
    await client.order({ [bookId]: 9 });
    expect([await storyOf(copies), await storyOf(orders)]).toEqual([['1'], ['1']]);
    const told = await lettersToStaff();
    const { folder } = shop;
    await shop.stop();
    clock.advance(2 * HOUR);
    await open(folder);
    expect([await storyOf(copies), await storyOf(orders)]).toEqual([['1'], ['1 recovered at 0']]);
    await copiesGo(bookId, 0);
    expect(await storyOf(copies)).toEqual(['1']);
    expect((await lettersToStaff()).slice(told.length)).toEqual(['Over: Orders of an hour: 0 now']);
  });

  describe('A rule', () => {
    it.each(['activate', 'retire'])('that is not there cannot be told to %s', async (step) => {
      expect(problemOf(await client.post(`/alerts/rules/${nobody}/${step}`))).toMatchObject({
        status: 404,
        code: 'rule-not-found',
      });
      expect((await client.get(`/alerts/rules/${nobody}`)).status).toBe(404);
    });

    it.each<[status: string, way: ('activate' | 'retire')[], step: string, wanted: string]>([
      ['DRAFT', [], 'retire', 'retired'],
      ['ACTIVE', ['activate'], 'activate', 'activated'],
      ['RETIRED', ['activate', 'retire'], 'activate', 'activated'],
      ['RETIRED', ['activate', 'retire'], 'retire', 'retired'],
    ])('that is %s after %j refuses to %s: nothing is stored', async (status, way, step, wanted) => {
      const ruleId = await draft(low);
      for (const one of way) await move(ruleId, one);
      const before = await everythingStored(shop);
      expect(problemOf(await client.post(`/alerts/rules/${ruleId}/${step}`))).toMatchObject({
        status: 409,
        code: 'rule-state-forbids',
        detail: `rule ${ruleId} cannot be ${wanted}: it is ${status}`,
      });
      expect(await client.see(`/alerts/rules/${ruleId}`)).toMatchObject({ id: ruleId, status });
      expect(await everythingStored(shop)).toEqual(before);
    });

    it.each<[facts: object, path: string, message: string]>([
      [{ threshold: 0 }, 'threshold', 'must be at least 1, as it is never below 0'],
      [{ threshold: 1.5 }, 'threshold', 'must be a whole number from 0 to 1000000000'],
      [{ threshold: '3' }, 'threshold', 'must be a number'],
      [{ clearAt: 2 }, 'clearAt', 'must not be less than the threshold'],
      [{ metric: 'weather' }, 'metric', expect.stringContaining('must be one of available-copies')],
      [{ comparison: 'beside' }, 'comparison', 'must be one of below, above'],
      [{ currency: 'EUR' }, 'currency', 'must not be given with the metric available-copies'],
      [{ bookId: 'Emma' }, 'bookId', 'must be a UUID'],
      [{ metric: 'revenue-per-day', currency: 'EURO' }, 'currency', 'must be 1 to 3 characters long'],
      [{ metric: 'revenue-per-day', currency: 'XXQ' }, 'currency', 'must be an ISO 4217 currency code such as USD'],
      [{ metric: 'revenue-per-day', threshold: 9.999 }, 'threshold', 'must have at most 2 decimals, as USD has'],
      [
        { metric: 'dead-letters', reaction: 'no.such' },
        'reaction',
        'must be the name of a reaction, as GET /reactions has it',
      ],
    ])('is refused with %j, naming the field and the rule', async (facts, path, message) => {
      const before = await everythingStored(shop);
      const answer = problemOf(await client.post('/alerts/rules', { ...low, ...facts }));
      expect(answer).toMatchObject({ status: 400, errors: [{ path, message }] });
      expect(await everythingStored(shop)).toEqual(before);
    });
  });

  it('rules are listed from the first, and alerts from the last, page by page', async () => {
    const walk = async (path: string): Promise<Json[]> => {
      const first = await client.see(`${path}limit=2`);
      expect(first.items).toHaveLength(2);
      const rest = await client.see(`${path}limit=200&cursor=${first.next}`);
      return [...first.items, ...rest.items].map(({ id }) => id);
    };
    const rules = await walk('/alerts/rules?');
    expect(rules).toEqual([...rules].sort());
    const alerts = await walk('/alerts?');
    expect(alerts).toEqual([...alerts].sort().reverse());
    expect(await walk('/alerts?status=cleared&')).toEqual(alerts);
    const { id } = (await client.see('/alerts?limit=1')).items[0];
    const { events } = await client.see(`/why/alert/${id}`);
    expect(events.map(({ type }: Json) => type)).toEqual(['alerts.alert-raised', 'alerts.alert-cleared']);
  });
});

const low = { metric: 'available-copies', comparison: 'below', threshold: 3 };

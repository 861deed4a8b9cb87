import { JoinWaitingList } from '../../src/waiting-list/commands/join-waiting-list.command';
import { EndWaitsOnWaitersCalled, PAGE } from '../../src/waiting-list/reactions/end-waits-on-waiters-called.reaction';
import { WaitEnded } from '../../src/waiting-list/waiting-list.events';
import { Mail } from '../../src/notifications/outside/mailer';
import { Interrupted } from '../../src/platform/unit-of-work/time-limit';
import { Bookshelf } from '../support/bookshelf';
import { alice, Client, gatsby, nobody, problemOf, type Json } from '../support/client';
import { collectMail } from '../support/outbox';

/** How many wait for one book. `npm run test:crowd` takes ten thousand. */
const WAITERS = Number(process.env.WAITERS ?? 3 * PAGE);
const LONGEST = 30_000 + 60 * WAITERS;

jest.setTimeout(LONGEST);

/** `reader7@example.com` */
const reader = (number: number) => `reader${number}@example.com`;

/** A shop in which there are no copies of a book until somebody says so. */
const open = (folder?: string) => Bookshelf.start({ environment: { INITIAL_STOCK: '0' }, folder });

describe('Whoever waits for a book', () => {
  let shop: Bookshelf;
  let client: Client;
  let letters: readonly Mail[];
  let bookId: string;

  beforeAll(async () => {
    shop = await open();
    letters = collectMail(shop);
  });
  beforeEach(async () => {
    client = new Client(shop);
    bookId = await client.addBook({ title: `Emma ${letters.length}` });
  });
  afterAll(() => shop.close());

  const join = async (email = alice.email) => client.post(`/books/${bookId}/waiting-list`, { email });
  const leave = async (id: string) => client.delete(`/books/${bookId}/waiting-list/${id}`);
  const publish = async () => expect((await client.post(`/books/${bookId}/publish`)).status).toBe(200);
  const withdraw = async () => expect((await client.post(`/books/${bookId}/withdraw`, {})).status).toBe(200);
  /** The subjects of the letters that tell of the book, in order. */
  const told = async (email = alice.email): Promise<string[]> => {
    await shop.settle();
    const { title } = await client.see(`/books/${bookId}`);
    return letters
      .filter(({ to, subject }) => to.email === email && subject.startsWith(title))
      .map(({ subject }) => subject.slice(title.length + 1));
  };

  it('is told once when it comes out, and not when there are copies of it', async () => {
    const joined = await join();
    expect(joined.status).toBe(201);
    expect(joined.body).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), waitsFor: 'published' });
    await client.adjust(bookId, 5);
    expect(await told()).toEqual([]);
    await publish();
    expect(await told()).toEqual(['is out']);
    await client.adjust(bookId, -5);
    await client.adjust(bookId, 5);
    expect(await told()).toEqual(['is out']);
    const { to, text, html } = letters.at(-1)!;
    expect(to).toEqual({ name: '', email: alice.email });
    for (const part of [text, html]) expect(part).toContain('has been published');
  });

  it('is told once when it is in stock again, and once more only after joining once more', async () => {
    await publish();
    expect((await join()).body).toMatchObject({ waitsFor: 'back-in-stock' });
    await client.adjust(bookId, 1);
    expect(await told()).toEqual(['is in stock again']);
    await client.adjust(bookId, -1);
    await client.adjust(bookId, 1);
    expect(await told()).toEqual(['is in stock again']);
    await client.adjust(bookId, -1);
    expect((await join()).body).toMatchObject({ waitsFor: 'back-in-stock' });
    await client.adjust(bookId, 1);
    expect(await told()).toEqual(['is in stock again', 'is in stock again']);
  });

  it('may have to wait once more when it has come out without a copy', async () => {
    await join();
    await publish();
    await join();
    await client.adjust(bookId, 1);
    expect(await told()).toEqual(['is out', 'is in stock again']);
  });

  it('is told when an order that is cancelled makes the last copy free', async () => {
    await publish();
    await client.adjust(bookId, 1);
    const order = await client.order({ [bookId]: 1 });
    await join('bob@example.com');
    await client.move(order, 'cancel');
    expect(await told('bob@example.com')).toEqual(['is in stock again']);
  });

  it('is told under the title that the book has by then', async () => {
    await join();
    await client.post(`/books/${bookId}/revise`, { title: `Persuasion ${letters.length}` });
    await publish();
    expect(await told()).toEqual(['is out']);
  });

  it('may ask twice, however the address is written, and gets the same answer and one letter', async () => {
    const first = await join('Alice@Example.com');
    const again = await join('aLICE@eXAMPLE.COM');
    expect([again.status, again.body]).toEqual([201, first.body]);
    const { items } = await client.see(`/events?stream=waiting-list.subscription/${first.body.id}`);
    expect(items).toMatchObject([{ type: 'waiting-list.joined-waiting-list' }]);
    await publish();
    expect(await told()).toEqual(['is out']);
  });

  it('may ask twice at once, and gets the same answer and one letter', async () => {
    await shop.settle();
    const answers = await Promise.all([1, 2, 3].map(() => join()));
    expect(new Set(answers.map(({ body }: Json) => body.id)).size).toBe(1);
    await publish();
    expect(await told()).toEqual(['is out']);
  });

  it('is told nothing after leaving, who may leave twice and come back', async () => {
    const { id } = (await join()).body;
    await join('bob@example.com');
    for (const time of [1, 2]) expect([time, (await leave(id)).status]).toEqual([time, 204]);
    await publish();
    expect(await told()).toEqual([]);
    expect(await told('bob@example.com')).toEqual(['is out']);
    await join();
    await client.adjust(bookId, 1);
    expect(await told()).toEqual(['is in stock again']);
    expect((await leave(id)).status).toBe(204);
  });

  it('is told nothing when it is withdrawn, and cannot wait for it any more', async () => {
    const { id } = (await join()).body;
    await withdraw();
    expect(await told()).toEqual([]);
    const { items } = await client.see(`/events?stream=waiting-list.subscription/${id}`);
    expect(items).toMatchObject([{}, { type: WaitEnded.type, facts: { email: alice.email, why: 'withdrawn' } }]);
    expect(problemOf(await join())).toMatchObject({
      status: 409,
      code: 'waited-in-vain',
      detail: `book ${bookId} is not waited for: it is WITHDRAWN`,
    });
  });

  it('is refused when there is nothing to wait for', async () => {
    await publish();
    await client.adjust(bookId, 1);
    expect(problemOf(await join())).toMatchObject({ status: 409, code: 'nothing-to-wait-for' });
  });

  it('is not found on the list of another book, nor is a book that nobody has added', async () => {
    const { id } = (await join()).body;
    const other = await client.addBook();
    expect(problemOf(await client.delete(`/books/${other}/waiting-list/${id}`))).toMatchObject({
      status: 404,
      code: 'subscription-not-found',
    });
    const answer = await client.post(`/books/${nobody}/waiting-list`, { email: alice.email });
    expect(problemOf(answer)).toMatchObject({ status: 404, code: 'book-not-found' });
    const malformed = await client.delete(`/books/${bookId}/waiting-list/1`);
    expect(problemOf(malformed)).toMatchObject({ status: 400, errors: [{ path: 'subscriptionId' }] });
    await publish();
    expect(await told()).toEqual(['is out']);
  });

  it('joins while others are told, and is told of what they wait for, then or later', async () => {
    for (let one = 0; one < 3; one++) await join(reader(one));
    const latecomers = Array.from({ length: 30 }, (_, at) => reader(100 + at));
    const [, ...answers] = await Promise.all([publish(), ...latecomers.map((email) => join(email))]);
    const waitFor = (what: string) => latecomers.filter((_, at) => answers[at].body.waitsFor === what);
    const [early, late] = [waitFor('published'), waitFor('back-in-stock')];
    expect(early.length + late.length).toBe(latecomers.length);
    for (const email of early) expect([email, await told(email)]).toEqual([email, ['is out']]);
    for (const email of late) expect([email, await told(email)]).toEqual([email, []]);
    await client.adjust(bookId, 1);
    for (const email of early) expect([email, await told(email)]).toEqual([email, ['is out']]);
    for (const email of late) expect([email, await told(email)]).toEqual([email, ['is in stock again']]);
  });
});

describe(`${WAITERS} who wait for one book`, () => {
  let shop: Bookshelf;
  beforeEach(async () => (shop = await open()));
  afterEach(() => shop.close());

  /** How many waits have ended in the transaction in which most have, and events in the largest; when the last has ended. */
  const largest = { waits: 0, events: 0, endedAt: 0 };

  function watchTransactions(): void {
    const { afterCommit } = shop.work.listeners!;
    shop.work.listeners!.afterCommit = (raised) => {
      const waits = raised.filter(({ event }) => event instanceof WaitEnded).length;
      if (waits) largest.endedAt = Date.now();
      largest.waits = Math.max(largest.waits, waits);
      largest.events = Math.max(largest.events, raised.length);
      afterCommit(raised);
    };
  }

  /** The second page is as far away as after a crash: it has not been tried. */
  function stopAfterOnePage(): void {
    const reaction = shop.get(EndWaitsOnWaitersCalled);
    const handle = reaction.handle.bind(reaction);
    let pages = 0;
    reaction.handle = async (event) => {
      if (pages++) throw new Interrupted();
      return handle(event);
    };
  }

  it('are all told once, a page of them at a time, although the shop is closed in the middle', async () => {
    const client = new Client(shop);
    const bookId = await client.addBook(gatsby);
    await shop.settle();
    const emails = Array.from({ length: WAITERS }, (_, at) => reader(at));
    for (let at = 0; at < WAITERS; at += PAGE) {
      const some = emails.slice(at, at + PAGE);
      await Promise.all(some.map((email) => shop.send(new JoinWaitingList(bookId, email))));
    }
    await shop.settle(LONGEST);

    watchTransactions();
    stopAfterOnePage();
    const before = { at: Date.now(), rss: process.memoryUsage.rss() };
    let most = before.rss;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
    await client.post(`/books/${bookId}/publish`);
    const waiting = async () =>
      (await shop.rows<{ left: number }>('SELECT count(*) AS "left" FROM waiting_list_subscription WHERE call = 1'))[0]
        .left;
    await shop.until('a page of them are called', async () => (await waiting()) === WAITERS - PAGE);
    await shop.stop();
    shop = await open(shop.folder);
    watchTransactions();
    await shop.settle(LONGEST);
    expect(await waiting()).toBe(0);
    clearInterval(watch);

    const told = await shop.rows<{ recipient: string; letters: number }>(
      `SELECT recipient_email AS "recipient", count(*) AS "letters" FROM notifications_notification
        WHERE kind = 'book-published' AND status = 'SENT' AND attempts = 1 GROUP BY recipient_email`,
    );
    expect(told.filter(({ letters }) => letters !== 1)).toEqual([]);
    expect(told.map(({ recipient }) => recipient).sort()).toEqual([...emails].sort());

    // Each page has one cause, and is a transaction of its own.
    const pages = await shop.rows<{ waits: number }>(
      `SELECT count(*) AS "waits" FROM event_log WHERE type = $1 GROUP BY causation_id ORDER BY min(position)`,
      [WaitEnded.type],
    );
    expect(pages.map(({ waits }) => waits)).toEqual(Array<number>(WAITERS / PAGE).fill(PAGE));
    expect(largest.waits).toBe(PAGE);

    if (process.env.WAITERS) {
      const mb = (bytes: number) => Math.round(bytes / 2 ** 20);
      process.stdout.write(
        `${WAITERS} waits ended in ${largest.endedAt - before.at} ms, letters sent after ${Date.now() - before.at} ms; ` +
          `${mb(before.rss)} MB before, at most ${mb(most)} MB; ` +
          `largest transaction: ${largest.waits} waits, ${largest.events} events\n`,
      );
    }
  });
});

import { BookAdded, BookRepriced } from '../../src/catalog/catalog.events';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Client, problemOf, type Json } from '../support/client';
import { addBook, caughtUp, deadLettersOf, reaction, repriceBook } from '../support/trade';

const LABEL = 'test.print-label';
const of = `/reactions/${LABEL}/dead-letters`;

describe('Looking after dead letters', () => {
  let shop: Bookshelf;
  let client: Client;
  let clock: ManualClock;
  /** Titles whose label cannot be printed, each with what the printer says. */
  let broken: Map<string, string>;
  let printed: string[];

  const label = reaction(BookAdded, LABEL, ({ title }) => {
    const complaint = broken.get(title);
    if (complaint) throw new Unrecoverable(complaint);
    printed.push(title);
  });
  const window = reaction(BookAdded, 'test.window', ({ title }) => {
    if (broken.has(title)) throw new Unrecoverable('the glass is broken');
  });

  let jammed: boolean;
  const press = reaction(BookAdded, 'test.press', () => {
    if (jammed) throw new Error('the press says: \x1b[2J\u202eall is well\x07');
  });

  beforeEach(async () => {
    jammed = false;
    broken = new Map();
    printed = [];
    clock = new ManualClock();
    shop = await Bookshelf.start({ providers: [label, window, press], clock });
    client = new Client(shop);
  });
  afterEach(() => shop.close());

  /** Adds a book of each of these titles, whose label the printer refuses with these words. */
  async function refuse(words: (title: string) => string, ...titles: string[]): Promise<void> {
    for (const title of titles) {
      broken.set(title, words(title));
      await addBook(shop, title);
    }
    await shop.settle();
  }
  const noPaper = (title: string) => `tray ${title.length} has no paper for '${title}'`;
  const tooLong = (title: string) => `"${title}" is too long`;
  const repair = () => broken.clear();
  const titles = (count: number) => Array.from({ length: count }, (_, at) => `Volume ${at + 1}`);

  /** What operators have done, as the log has it. */
  const acts = async (type: string): Promise<Json[]> => (await client.see(`/events?type=platform.${type}`)).items;

  const causes = async (): Promise<Json[]> => (await client.see('/dead-letters')).items;
  const causeOfPaper = async (): Promise<string> =>
    (await causes()).find(({ reaction, error }) => reaction === LABEL && error.includes('paper')).cause;

  describe('that have died of the same cause', () => {
    it('are one group, whatever their ids, numbers and quoted values are', async () => {
      await refuse(noPaper, 'Emma', 'Persuasion');
      await refuse(tooLong, 'Remembrance of Things Past');
      const [first, second, third] = await deadLettersOf(shop, LABEL);
      expect(await causes()).toEqual([
        expect.objectContaining({
          reaction: LABEL,
          cause: 'Error: tray # has no paper for …',
          letters: 2,
          firstPosition: first.position,
          lastPosition: second.position,
          error: second.error,
        }),
        {
          reaction: LABEL,
          cause: 'Error: … is too long',
          letters: 1,
          firstPosition: third.position,
          lastPosition: third.position,
          firstAt: '2026-01-01T00:00:00.000Z',
          lastAt: '2026-01-01T00:00:00.000Z',
          error: third.error,
        },
        expect.objectContaining({ reaction: 'test.window', cause: 'Error: the glass is broken', letters: 3 }),
      ]);
    });

    it('are listed page by page', async () => {
      await refuse(noPaper, 'Emma');
      await refuse(tooLong, 'Remembrance of Things Past');
      const all = await causes();
      const seen: Json[] = [];
      for (let next = ''; ;) {
        const found = await client.see(`/dead-letters?limit=1${next}`);
        seen.push(...found.items);
        if (!found.next) break;
        next = `&cursor=${found.next}`;
      }
      expect(seen).toEqual(all);
      expect(seen).toHaveLength(3);
    });

    it('are gone from the list when they are retried with success, or skipped', async () => {
      await refuse(noPaper, 'Emma', 'Persuasion');
      repair();
      await client.post(`${of}/retry`, { all: true, perSecond: 1000 });
      await client.post('/reactions/test.window/dead-letters/skip', { all: true, reason: 'no window any more' });
      clock.advance(1);
      await shop.settle();
      expect(await causes()).toEqual([]);
    });

    it('are retried together, and others are left alone', async () => {
      await refuse(noPaper, 'Emma', 'Persuasion');
      await refuse(tooLong, 'Remembrance of Things Past');
      repair();
      const answer = await client.post(`${of}/retry`, { cause: await causeOfPaper() });
      expect([answer.status, answer.body]).toEqual([202, { letters: 2 }]);
      clock.advance(1_000);
      await shop.settle();
      expect(printed).toEqual(['Emma', 'Persuasion']);
      expect(await deadLettersOf(shop, LABEL)).toMatchObject([{ error: expect.stringContaining('too long') }]);
    });

    it('are skipped together, for a reason', async () => {
      await refuse(noPaper, 'Emma', 'Persuasion');
      await refuse(tooLong, 'Remembrance of Things Past');
      const answer = await client.post(`${of}/skip`, { cause: await causeOfPaper(), reason: 'printed by hand' });
      expect([answer.status, answer.body]).toEqual([200, { letters: 2 }]);
      expect((await client.see(`${of}?state=skipped`)).items).toMatchObject([
        { reason: 'printed by hand' },
        { reason: 'printed by hand' },
      ]);
      expect(await deadLettersOf(shop, LABEL)).toHaveLength(1);
    });

    it('are looked for in vain when nothing has died of it', async () => {
      await refuse(noPaper, 'Emma');
      for (const what of ['retry', 'skip']) {
        const body = { cause: 'Error: the printer is on fire', reason: 'never mind' };
        expect(problemOf(await client.post(`${of}/${what}`, body))).toMatchObject({
          status: 404,
          code: 'dead-letter-not-found',
          detail: `${LABEL} has no dead letter that died of: Error: the printer is on fire`,
        });
      }
      expect(await acts('dead-letters-retried')).toEqual([]);
    });
  });

  describe('that are many', () => {
    it('come back one after another, so many each second', async () => {
      await refuse(noPaper, ...titles(10));
      repair();
      expect((await client.post(`${of}/retry`, { all: true, perSecond: 2 })).body).toEqual({ letters: 10 });
      const done = (count: number) => shop.until(`${count} are printed`, async () => printed.length >= count);
      await done(1);
      clock.advance(499);
      await addBook(shop, 'In between');
      await done(2);
      expect(printed).toEqual(['Volume 1', 'In between']);
      clock.advance(1);
      await done(3);
      clock.advance(4_000);
      await shop.settle();
      expect(printed).toEqual(['Volume 1', 'In between', ...titles(10).slice(1)]);
    });

    it('are changed in transactions of bounded size, each with its event', async () => {
      await Promise.all(titles(250).map((title) => refuse(noPaper, title)));
      expect((await client.post(`${of}/skip`, { all: true, reason: 'no labels any more' })).body).toEqual({
        letters: 250,
      });
      const done = await acts('dead-letters-skipped');
      expect(done.map(({ facts }) => facts.letters.length)).toEqual([200, 50]);
      expect(new Set(done.map(({ correlationId }) => correlationId)).size).toBe(1);
      expect(await deadLettersOf(shop, LABEL)).toEqual([]);
    });
  });

  it('of which there are none at all is no mistake when all are meant', async () => {
    const answer = await client.post(`${of}/retry`, { all: true });
    expect([answer.status, answer.body]).toEqual([202, { letters: 0 }]);
    expect(await acts('dead-letters-retried')).toEqual([]);
  });

  it('needs one way of saying which are meant, and no more', async () => {
    await refuse(noPaper, 'Emma');
    const letters = [{ position: 1 }];
    for (const [body, path] of [
      [{}, 'letters'],
      [{ letters, cause: 'Error' }, 'cause'],
      [{ cause: 'Error', all: true }, 'all'],
    ] as const) {
      expect(problemOf(await client.post(`${of}/retry`, body)).errors).toMatchObject([{ path }]);
    }
    expect(await deadLettersOf(shop, LABEL)).toHaveLength(1);
  });

  describe('leaves in the log', () => {
    const [ada, grace] = [{ 'x-actor': 'ada@example.com' }, { 'x-actor': 'grace' }];

    it('who has retried which letters, and why', async () => {
      await refuse(noPaper, 'Emma');
      const [{ position }] = await deadLettersOf(shop, LABEL);
      repair();
      await client.post(`${of}/retry`, { letters: [{ position }], reason: 'there is paper again' }, ada);
      expect(await acts('dead-letters-retried')).toMatchObject([
        {
          actor: 'ada@example.com',
          raisedBy: 'RetryDeadLetters',
          facts: { reaction: LABEL, letters: [position], perSecond: 50, reason: 'there is paper again' },
        },
      ]);
    });

    it('who has skipped them, and why; the letter says so, too', async () => {
      await refuse(noPaper, 'Emma');
      const [{ position }] = await deadLettersOf(shop, LABEL);
      const cause = await causeOfPaper();
      await client.post(`${of}/skip`, { cause, reason: 'printed by hand' }, grace);
      expect(await acts('dead-letters-skipped')).toMatchObject([
        { actor: 'grace', facts: { letters: [position], chosenBy: cause, reason: 'printed by hand' } },
      ]);
      expect((await client.see(`${of}?state=skipped`)).items).toMatchObject([{ skippedBy: 'grace' }]);
    });

    it('who has had a projection built anew, and why, also while it is under way', async () => {
      const again = '/reactions/catalog.browse/rebuild';
      await Promise.all([
        client.post(again, { reason: 'the list looks odd' }, ada),
        client.post(again, { reason: 'is it still odd?' }, grace),
      ]);
      const done = await acts('rebuild-asked');
      expect(done.map(({ actor, facts }) => `${actor}: ${facts.reason}`).sort()).toEqual([
        'ada@example.com: the list looks odd',
        'grace: is it still odd?',
      ]);
      await shop.settle();
    });

    it('nothing of what was not done', async () => {
      await refuse(noPaper, 'Emma');
      const [{ position }] = await deadLettersOf(shop, LABEL);
      const letters = [{ position }, { position: position + 1000 }];
      expect((await client.post(`${of}/skip`, { letters, reason: 'never mind' }, ada)).status).toBe(404);
      expect((await client.post('/reactions/test.window/rebuild', undefined, ada)).status).toBe(409);
      expect([await acts('dead-letters-skipped'), await acts('rebuild-asked')]).toEqual([[], []]);
    });

    it('nobody’s name when none is given, and refuses one that cannot be a name', async () => {
      await client.addBook({ title: 'Emma' });
      expect((await client.see('/events?type=catalog.book-added')).items).toMatchObject([{ actor: 'anonymous' }]);
      for (const actor of ['', 'ada lovelace', 'a'.repeat(101), '<b>', 'ada\t']) {
        const answer = await client.post(`${of}/retry`, { all: true }, { 'x-actor': actor });
        expect([actor, answer.status === 400 ? problemOf(answer).errors : answer.status]).toEqual([
          actor,
          actor === 'ada\t' ? 202 : [{ path: 'X-Actor', message: expect.stringMatching(/^must be/) }],
        ]);
      }
    });
  });

  it('that lie before others of their stream lets these go on when it is skipped, however many there are', async () => {
    const seen: number[] = [];
    const follow = reaction<object>([BookAdded, BookRepriced], 'test.follow', (event) => {
      if (event instanceof BookAdded) throw new Unrecoverable('nobody can follow this');
      seen.push((event as BookRepriced).price.amount);
    });
    const other = await Bookshelf.start({ providers: [follow] });
    for (const title of titles(3)) await repriceBook(other, await addBook(other, title), 100, 200);
    await caughtUp(other, 'test.follow');
    await new Client(other).post('/reactions/test.follow/dead-letters/skip', { all: true, reason: 'never mind' });
    await other.settle();
    expect(seen.toSorted((a, b) => a - b)).toEqual([100, 100, 100, 200, 200, 200]);
    await other.close();
  });

  describe('before they are dead', () => {
    const ofPress = '/reactions/test.press/dead-letters';
    let position: number;
    beforeEach(async () => {
      jammed = true;
      await addBook(shop, 'Ulysses');
      await caughtUp(shop, 'test.press');
      [{ position }] = (await client.see('/events?type=catalog.book-added')).items;
    });

    it('are shown with what went wrong, in words that give no orders to a terminal, and the next attempt', async () => {
      expect((await client.see(ofPress)).items).toEqual([]);
      expect((await client.see(`${ofPress}?state=retrying`)).items).toMatchObject([
        {
          position,
          state: 'retrying',
          attempts: 1,
          error: 'Error: the press says: �[2J�all is well�',
          retryAt: expect.stringMatching(/^2026-01-01T00:00:0/),
        },
      ]);
      expect((await client.see(`${ofPress}?state=parked`)).items).toEqual([]);
    });

    it('are no dead letters, and whoever takes them for some is told when they are tried again', async () => {
      const answer = await client.post(`${ofPress}/skip`, { letters: [{ position }], reason: 'why not' });
      expect(problemOf(answer)).toMatchObject({
        status: 404,
        detail: expect.stringMatching(/no dead letter at position 1: it is tried again at 2026-01-01T/),
      });
    });

    it('are rehearsed, and tried again at once when somebody says so', async () => {
      expect((await client.post(`${ofPress}/rehearse`, { position })).body).toMatchObject({ outcome: 'failed' });
      jammed = false;
      expect((await client.post(`${ofPress}/rehearse`, { position })).body).toMatchObject({ outcome: 'handled' });
      const answer = await client.post(`${ofPress}/retry`, { letters: [{ position }], reason: 'it runs again' });
      expect([answer.status, answer.body]).toEqual([202, { letters: 1 }]);
      await shop.settle();
      expect((await client.see(`${ofPress}?state=retrying`)).items).toEqual([]);
    });
  });
});

import { once } from 'node:events';
import { IncomingMessage, request as httpRequest } from 'node:http';
import { BookPublished } from '../../src/catalog/catalog.events';
import { PublishDueBook } from '../../src/catalog/commands/publish-due-books';
import { Refused } from '../../src/kernel/domain-error';
import { Alarms } from '../../src/platform/schedule/alarms';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Client, nobody, type Json } from '../support/client';
import { reaction } from '../support/trade';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('Publishing books', () => {
  const clock = new ManualClock();
  /** Of these books somebody else in the shop says that they must not come out. */
  const banned = new Set<string>();
  const veto = reaction(
    BookPublished,
    'censors.veto',
    ({ bookId }) => {
      if (banned.has(bookId)) throw new Refused('banned', `book ${bookId} is banned`);
    },
    { within: 'transaction' },
  );
  /** What those have been told who wait for books. */
  const readers: BookPublished[] = [];
  const announce = reaction(BookPublished, 'readers.announce', (event) => void readers.push(event));
  let shop: Bookshelf;
  let client: Client;

  const open = async (folder?: string, environment?: Record<string, string>) => {
    shop = await Bookshelf.start({ clock, providers: [veto, announce], folder, environment });
    client = new Client(shop);
  };

  beforeAll(() => open());
  afterAll(() => shop.close());

  const fromNow = (ms: number): string => new Date(clock.now().getTime() + ms).toISOString();
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await shop.settle();
  };
  const statusOf = async (bookId: string): Promise<string> => (await client.see(`/books/${bookId}`)).status;
  /** What is in the log of a book's coming out. */
  const publications = async (bookId: string): Promise<Json[]> => {
    const { items } = await client.see(`/events?stream=catalog.book/${bookId}`);
    return items.filter(({ type }: Json) => type === BookPublished.type);
  };

  type Line = Record<'progress' | 'refused' | 'summary', Json>;

  /** What is told line by line. */
  const told = async (path: string, body: object | string): Promise<Line[]> => {
    const type = typeof body === 'string' ? 'text/csv' : 'application/json';
    const { status, text } = await shop.http().post(path).set('content-type', type).buffer(true).send(body);
    expect([status, text]).toEqual([200, expect.stringMatching(/\n$/)]);
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  };

  /** Takes so many drafts in. Answers their ids. */
  const drafts = async (count: number, author: string): Promise<string[]> => {
    const rows = Array.from({ length: count }, (_, at) => `Volume ${at},${author},1`);
    await told('/books/import', ['title,author,price', ...rows].join('\n'));
    const found = await shop.rows<{ id: string }>('SELECT id FROM catalog_book WHERE author = $1 ORDER BY id', [
      author,
    ]);
    return found.map(({ id }) => id);
  };

  const onShelf = async (title: string): Promise<Json> => {
    await shop.settle();
    return (await client.see(`/books?search=${title}`)).items[0];
  };

  it.each<[way: string, who: string, publish: (title: string) => Promise<unknown>]>([
    [
      'by a request',
      'PublishBook of anonymous',
      async (title) => client.post(`/books/${await client.addBook({ title })}/publish`),
    ],
    [
      'with many others',
      'PublishBook of anonymous',
      async (title) => told('/books/publish', { bookIds: [await client.addBook({ title })] }),
    ],
    [
      'with all drafts',
      'PublishBook of anonymous',
      async (title) => {
        await client.addBook({ title });
        await told('/books/publish', { all: true });
      },
    ],
    [
      'at its moment',
      'PublishDueBook of timer',
      async (title) => {
        await client.addBook({ title, publishAt: fromNow(1) });
        await pass(1);
      },
    ],
    [
      'with the list that it is in',
      'AddBook of import',
      (title) => told('/books/import?publish=true', `title,author,price\n${title},F. Scott Fitzgerald,1`),
    ],
  ])('%s: a book comes out, and nobody can tell how by what follows', async (way, who, publish) => {
    const title = way.replace(/\W/g, '');
    readers.length = 0;
    await publish(title);
    const { id, published, inStock } = await onShelf(title);
    expect([published, inStock, await statusOf(id)]).toEqual([true, true, 'PUBLISHED']);
    expect(readers.filter(({ bookId }) => bookId === id)).toEqual([
      { bookId: id, title, author: 'F. Scott Fitzgerald' },
    ]);
    const [event, ...more] = await publications(id);
    expect([`${event.raisedBy} of ${event.actor}`, more]).toEqual([who, []]);
  });

  describe('many at once', () => {
    let books: string[];

    beforeAll(async () => {
      books = await drafts(1_000, 'Many');
      for (const bookId of [books[10], books[20]]) await client.post(`/books/${bookId}/publish`);
      await client.post(`/books/${books[30]}/withdraw`, {});
      banned.add(books[40]);
    });

    it('tells how it goes, what was refused and why, and sums up; it may be repeated', async () => {
      // Whoever names a book twice means it once.
      const bookIds = [...books, books[0].toUpperCase(), nobody];
      const lines = await told('/books/publish', { bookIds });
      expect(lines[0]).toEqual({
        progress: { of: 1_001, asked: 1, published: 0, alreadyPublished: 0, refused: 0 },
      });
      const refused = lines.filter((line) => line.refused).map((line) => line.refused);
      expect(refused).toHaveLength(3);
      expect(refused).toEqual(
        expect.arrayContaining([
          { bookId: books[30], reason: `book ${books[30]} cannot be published: it is WITHDRAWN` },
          { bookId: books[40], reason: `book ${books[40]} is banned` },
          { bookId: nobody, reason: `book ${nobody} is not in the catalog` },
        ]),
      );
      expect(lines.at(-1)).toEqual({ summary: { asked: 1_001, published: 996, alreadyPublished: 2, refused: 3 } });
      banned.clear();
      expect((await told('/books/publish', { bookIds })).at(-1)).toEqual({
        summary: { asked: 1_001, published: 1, alreadyPublished: 998, refused: 2 },
      });
    });

    it('one after another, none is forgotten when the client leaves in the middle', async () => {
      const bookIds = await drafts(400, 'Left');
      const client = httpRequest(new URL('/books/publish', await shop.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      client.on('error', () => undefined);
      client.end(JSON.stringify({ bookIds }));
      const [answer] = (await once(client, 'response')) as [IncomingMessage];
      answer.on('error', () => undefined);
      await once(answer, 'data');
      client.destroy();
      const { asked, published, alreadyPublished } = (await told('/books/publish', { bookIds })).at(-1)!.summary;
      expect([asked, published + alreadyPublished]).toEqual([400, 400]);
      expect(alreadyPublished).toBeGreaterThan(0);
    });

    it('all drafts: none that has its own moment, and none that is out or withdrawn', async () => {
      const planned = await client.addBook({ publishAt: fromNow(DAY) });
      const withdrawn = await client.addBook();
      await client.post(`/books/${withdrawn}/withdraw`, {});
      await told('/books/publish', { all: true });
      const bookIds = await drafts(600, 'All');
      const lines = await told('/books/publish', { all: true });
      expect(lines[0].progress.of).toBe(600);
      expect(lines.at(-1)).toEqual({ summary: { asked: 600, published: 600, alreadyPublished: 0, refused: 0 } });
      expect(await Promise.all([bookIds[0], bookIds[599], planned, withdrawn].map(statusOf))).toEqual([
        'PUBLISHED',
        'PUBLISHED',
        'ADDED',
        'WITHDRAWN',
      ]);
      expect(await told('/books/publish', { all: true })).toEqual([
        { summary: { asked: 0, published: 0, alreadyPublished: 0, refused: 0 } },
      ]);
      await shop.settle();
    });
  });

  it('with the list that they are in: not those that are there, and those of a later moment then', async () => {
    const row = (title: string, publishAt = '') => `${title},Lister,1,${publishAt}\n`;
    const header = 'title,author,price,publish_at\n';
    await told('/books/import', header + row('There'));
    const list = header + row('There') + row('New') + row('Later', fromNow(DAY)) + row('Earlier', fromNow(-DAY));
    const summary = { read: 4, added: 3, alreadyThere: 1, refused: 0, notes: 0 };
    expect((await told('/books/import?publish=true', list)).at(-1)).toEqual({ summary });
    const states = async () => {
      await shop.settle();
      const found = await shop.rows<{ title: string; status: string }>(
        `SELECT title, status FROM catalog_book WHERE author = 'Lister'`,
      );
      return Object.fromEntries(found.map(({ title, status }) => [title, status]));
    };
    expect(await states()).toEqual({ There: 'ADDED', New: 'PUBLISHED', Later: 'ADDED', Earlier: 'PUBLISHED' });
    await pass(DAY);
    expect(await states()).toMatchObject({ There: 'ADDED', Later: 'PUBLISHED' });
  });

  describe('at the moment that is set for a book', () => {
    it('it comes out: not a millisecond before, once, and in the name of the timer', async () => {
      const bookId = await client.addBook({ publishAt: fromNow(DAY) });
      await pass(DAY - 1);
      expect(await statusOf(bookId)).toBe('ADDED');
      await pass(1);
      expect(await statusOf(bookId)).toBe('PUBLISHED');
      await pass(DAY);
      expect(await publications(bookId)).toMatchObject([
        { actor: 'timer', raisedBy: 'PublishDueBook', occurredAt: fromNow(-DAY) },
      ]);
    });

    it('it comes out at once when that is past already', async () => {
      const bookId = await client.addBook({ publishAt: fromNow(-DAY) });
      await shop.settle();
      expect(await statusOf(bookId)).toBe('PUBLISHED');
    });

    it('it comes out when the moment was set by a revision: brought forward, put off, taken back', async () => {
      const [forward, off, back] = [
        await client.addBook({ publishAt: fromNow(3 * DAY) }),
        await client.addBook({ publishAt: fromNow(DAY) }),
        await client.addBook({ publishAt: fromNow(DAY) }),
      ];
      const revise = async (bookId: string, publishAt: string | null): Promise<void> =>
        expect((await client.post(`/books/${bookId}/revise`, { publishAt })).status).toBe(200);
      await revise(forward, fromNow(DAY));
      await revise(off, fromNow(2 * DAY));
      await revise(back, null);
      expect(await client.see(`/books/${back}`)).not.toHaveProperty('publishAt');
      const states = () => Promise.all([forward, off, back].map(statusOf));
      await pass(DAY);
      expect(await states()).toEqual(['PUBLISHED', 'ADDED', 'ADDED']);
      await pass(DAY);
      expect(await states()).toEqual(['PUBLISHED', 'PUBLISHED', 'ADDED']);
      await pass(30 * DAY);
      expect(await states()).toEqual(['PUBLISHED', 'PUBLISHED', 'ADDED']);
    });

    it('it is left alone when it is out already, or withdrawn', async () => {
      const [out, gone] = [
        await client.addBook({ publishAt: fromNow(DAY) }),
        await client.addBook({ publishAt: fromNow(DAY) }),
      ];
      await client.post(`/books/${out}/publish`);
      await client.post(`/books/${gone}/withdraw`, {});
      await pass(DAY);
      expect(await Promise.all([out, gone].map(statusOf))).toEqual(['PUBLISHED', 'WITHDRAWN']);
      expect(await publications(out)).toMatchObject([{ actor: 'anonymous', raisedBy: 'PublishBook' }]);
      // They may have been found to be due before, by this process or another one; and so may one that is put off now.
      const off = await client.addBook({ publishAt: fromNow(DAY) });
      for (const bookId of [out, gone, off]) await shop.send(new PublishDueBook(bookId));
      const all = await Promise.all([out, gone, off].map(publications));
      expect(all.map(({ length }) => length)).toEqual([1, 0, 0]);
    });

    it('it comes out later when the shop says no, and no other book waits for it', async () => {
      const [refused, other] = [
        await client.addBook({ publishAt: fromNow(DAY) }),
        await client.addBook({ publishAt: fromNow(DAY + 10) }),
      ];
      banned.add(refused);
      clock.advance(DAY);
      const complaint = `PublishDueBooks tries 1 again later: Refused: book ${refused} is banned`;
      await shop.until('it was refused', () => Promise.resolve(shop.get(Alarms).waiting.includes(complaint)));
      await expect(shop.settle(50)).rejects.toThrow(complaint);
      clock.advance(10);
      await shop.until('the other is out', async () => (await statusOf(other)) === 'PUBLISHED');
      expect(await statusOf(refused)).toBe('ADDED');
      banned.delete(refused);
      await pass(1_000);
      expect(await statusOf(refused)).toBe('PUBLISHED');
    });

    it('it comes out at the next start when the shop was closed then', async () => {
      const missed = await client.addBook({ publishAt: fromNow(DAY) });
      const later = await client.addBook({ publishAt: fromNow(3 * DAY) });
      await shop.stop();
      clock.advance(2 * DAY);
      // This process leaves it to another one.
      await open(shop.folder, { REACTIONS: 'off' });
      expect(shop.get(Alarms).waiting).toEqual([]);
      expect(await statusOf(missed)).toBe('ADDED');
      await shop.stop();
      await open(shop.folder);
      await shop.settle();
      expect(await Promise.all([missed, later].map(statusOf))).toEqual(['PUBLISHED', 'ADDED']);
      await pass(DAY);
      expect(await statusOf(later)).toBe('PUBLISHED');
    });

    it('hundreds come out together, each once, although two processes are at it', async () => {
      const other = await Bookshelf.start({ clock, providers: [veto, announce], folder: shop.folder });
      try {
        const books = Array.from({ length: 300 }, (_, at) => `Volume ${at},Unknown,1,${fromNow(DAY)}`);
        const list = ['title,author,price,publish_at', ...books].join('\n');
        const answer = await shop.http().post('/books/import').set('content-type', 'text/csv').send(list);
        expect(answer.text).toContain('"added":300,');
        clock.advance(DAY);
        await Promise.all([shop.settle(), other.settle()]);
      } finally {
        await other.stop();
      }
      const [{ times, books }] = await shop.rows<{ times: number; books: number }>(
        `SELECT count(*) AS times, count(DISTINCT stream) AS books FROM event_log WHERE type = $1 AND occurred_at = $2`,
        [BookPublished.type, clock.now().toISOString()],
      );
      expect([times, books]).toEqual([300, 300]);
    });
  });
});

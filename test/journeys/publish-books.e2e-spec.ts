import { BookPublished } from '../../src/catalog/catalog.events';
import { PublishDueBook } from '../../src/catalog/commands/publish-due-books';
import { Refused } from '../../src/kernel/domain-error';
import { Alarms } from '../../src/platform/schedule/alarms';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Client, type Json } from '../support/client';
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
  let shop: Bookshelf;
  let client: Client;

  const open = async (folder?: string, environment?: Record<string, string>) => {
    shop = await Bookshelf.start({ clock, providers: [veto], folder, environment });
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
      // Another process may have found it to be due before.
      for (const bookId of [out, gone]) await shop.send(new PublishDueBook(bookId));
      expect([...(await publications(out)), ...(await publications(gone))]).toHaveLength(1);
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
      const other = await Bookshelf.start({ clock, providers: [veto], folder: shop.folder });
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

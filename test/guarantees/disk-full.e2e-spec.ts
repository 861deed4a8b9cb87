import { Logger } from '@nestjs/common';
import type { Response } from 'supertest';
import { Database } from '../../src/platform/database/database';
import { Doctor } from '../../src/platform/invariants/doctor';
import { ReactionStatuses } from '../../src/platform/reactions/reaction-status';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { bookRequest, orderFor, problemOf } from '../support/client';
import { collectMail } from '../support/outbox';

/** The longest that a reaction pauses when the database is out of order. */
const LONGEST_PAUSE = 30_000;

const PEOPLE = 8;

describe('When the disk is full in the middle of trading', () => {
  let shop: Bookshelf;
  let clock: ManualClock;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    clock = new ManualClock();
    shop = await Bookshelf.start({ clock, environment: { INITIAL_STOCK: '100000' } });
  });
  afterEach(async () => {
    await shop.close();
    jest.restoreAllMocks();
  });

  /** What has been answered for, and what has been refused because there was no room. */
  const stored = { books: new Set<string>(), orders: new Map<string, string>() };
  let refused: Response[];

  /** Lets people trade until so many of them have been refused for want of room. */
  async function trade(enough: () => boolean): Promise<void> {
    const post = async (path: string, body?: object): Promise<string | undefined> => {
      const answer = await shop.http().post(path).send(body);
      if (answer.status >= 500) refused.push(answer);
      // Orders are refused as well: for books whose price or stock is not known yet.
      if (answer.status >= 300) return undefined;
      return (answer.body as { id: string }).id;
    };
    const person = async (_: unknown, number: number) => {
      const description = 'a long description '.repeat(100);
      for (let turn = 0; !enough(); turn++) {
        const book = await post('/books', { ...bookRequest(`Book ${number}/${turn}`), description });
        if (book) stored.books.add(book);
        const [known] = stored.books;
        const order = known && (await post('/orders', orderFor(known)));
        if (order) stored.orders.set(order, 'PENDING');
        if (order && (await post(`/orders/${order}/cancel`, { reason: 'changed my mind' })))
          stored.orders.set(order, 'CANCELLED');
      }
    };
    await Promise.all(Array.from({ length: PEOPLE }, person));
  }

  it('everybody is told so, nothing is lost that was answered, and the shop recovers by itself', async () => {
    const letters = collectMail(shop);
    const { writer } = shop.get(Database);
    refused = [];
    for (const pages of [12, 40]) {
      const before = refused.length;
      const [{ page_count: used }] = await writer.all<{ page_count: number }>('PRAGMA page_count');
      await writer.exec(`PRAGMA max_page_count = ${used + pages}`);
      await trade(() => refused.length >= before + 3 * PEOPLE);
      // Time goes by, and there is still no room: whoever reacts tries again, in vain.
      clock.advance(LONGEST_PAUSE);
      await shop.http().get('/books').expect(200);

      await writer.exec('PRAGMA max_page_count = 1000000');
      // Otherwise it would not be seen that they recover.
      expect(await shop.get(ReactionStatuses).waiting()).not.toEqual([]);
      await shop.until('the reactions have gone on by themselves', async () => {
        clock.advance(LONGEST_PAUSE);
        return (await shop.get(ReactionStatuses).waiting()).length === 0;
      });
      expect(await shop.get(Doctor).examine()).toEqual([]);
    }
    for (const answer of refused) {
      expect([answer.status, problemOf(answer).code]).toEqual([507, 'storage-full']);
      expect(answer.headers['event-position']).toBeUndefined();
    }
    const books = await shop.rows<{ id: string }>('SELECT id FROM catalog_book');
    expect(new Set(books.map(({ id }) => id))).toEqual(stored.books);
    const orders = await shop.rows<{ id: string; status: string }>('SELECT id, status FROM orders_order');
    expect(new Map(orders.map(({ id, status }) => [id, status]))).toEqual(stored.orders);
    // Each order that was placed, and each that was cancelled, has its letter, whatever had no room meanwhile.
    const cancelled = [...stored.orders.values()].filter((status) => status === 'CANCELLED').length;
    expect(new Set(letters.map(({ messageId }) => messageId)).size).toBe(stored.orders.size + cancelled);
    // Otherwise nothing is proved.
    expect([stored.books.size > 10, stored.orders.size > 3, cancelled > 0]).toEqual([true, true, true]);
  });
});

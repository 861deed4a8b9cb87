import type { Response } from 'supertest';
import { ReadDatabase } from '../../src/platform/database/read-database';
import type { Bookshelf } from './bookshelf';

/** What came back over HTTP: the test says what it expects of it. */
export type Json = Response['body'];

/** The book of every test: others differ from it in what matters to them. */
export const gatsby = {
  title: 'The Great Gatsby',
  author: 'F. Scott Fitzgerald',
  isbn: '9780743273565',
  price: { amount: 12.99, currency: 'USD' },
};

/** The request that adds a book like it. */
export const bookRequest = (title = 'Emma', isbn?: string) => ({ ...gatsby, title, isbn });

export const alice = { name: 'Alice Johnson', email: 'alice@example.com' };

export const address = '123 Main St\nAnytown, CA 12345';

/** The request by which Alice orders so many copies of a book. */
export const orderFor = (bookId: string, quantity = 1) => ({
  customer: alice,
  shippingAddress: address,
  items: [{ bookId, quantity }],
});

/** An id that nothing has. */
export const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';

/**
 * A client that reads what it has written: it passes the last `Event-Position` it was told on with each request.
 * Its short cuts (`addBook`, `order`, `move`) are for what is not in question, and throw when they are refused.
 */
export class Client {
  private told = 0;

  constructor(private readonly shop: Pick<Bookshelf, 'http'>) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.shop
      .http()
      .get(path)
      .set({ 'min-event-position': String(this.told), ...headers });
  }

  async post(path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    const answer = await this.shop
      .http()
      .post(path)
      .set({ 'min-event-position': String(this.told), ...headers })
      .send(body);
    this.told = Math.max(this.told, Number(answer.get('event-position') ?? 0));
    return answer;
  }

  async delete(path: string): Promise<Response> {
    const answer = await this.shop
      .http()
      .delete(path)
      .set({ 'min-event-position': String(this.told) });
    this.told = Math.max(this.told, Number(answer.get('event-position') ?? 0));
    return answer;
  }

  /** Adds a book. Answers its id. */
  async addBook(facts: object = {}): Promise<string> {
    return (await this.done('/books', { ...gatsby, isbn: undefined, ...facts })).id;
  }

  /** Alice orders so many copies of each of these books. Answers the order's id. */
  async order(copies: Readonly<Record<string, number>>): Promise<string> {
    const items = Object.entries(copies).map(([bookId, quantity]) => ({ bookId, quantity }));
    return (await this.done('/orders', { customer: alice, shippingAddress: address, items })).id;
  }

  /** Lets an order take each of these moves. */
  async move(orderId: string, ...moves: readonly Move[]): Promise<void> {
    for (const move of moves) await this.done(`/orders/${orderId}/${move}`, MOVES[move]);
  }

  async adjust(bookId: string, amount: number, reason = 'counted'): Promise<void> {
    await this.done(`/inventory/${bookId}/adjustments`, { amount, reason });
  }

  /** What a GET shows. */
  async see(path: string): Promise<Json> {
    const answer = await this.get(path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** `[quantity, reserved, available]` of a book. */
  async stock(bookId: string): Promise<[number, number, number]> {
    const { quantity, reserved, available } = await this.see(`/inventory/${bookId}`);
    return [quantity, reserved, available];
  }

  private async done(path: string, body?: object): Promise<{ id: string }> {
    const answer = await this.post(path, body);
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return answer.body as { id: string };
  }
}

/** What each move of an order needs to be told. */
export const MOVES = {
  confirm: undefined,
  ship: { carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
  deliver: undefined,
  cancel: { reason: 'changed my mind' },
  return: { reason: 'not my taste' },
} as const satisfies Record<string, object | undefined>;

export type Move = keyof typeof MOVES;

/**
 * Everything that is stored of the shop's business and its events; what the reactions note of their own work aside.
 *
 * @returns the rows of each table, each as JSON: two states are compared line by line, and not field by field
 */
export async function everythingStored(shop: Bookshelf): Promise<Record<string, string[]>> {
  await shop.settle();
  const all = await shop.rows<{ name: string }>(shop.get(ReadDatabase).dialect.tables);
  const tables = all.filter(({ name }) => name !== 'reaction');
  const stored = await Promise.all(
    tables.map(async ({ name }) => [name, (await shop.rows<object>(`SELECT * FROM "${name}"`)).map(asLine)] as const),
  );
  return Object.fromEntries(stored);
}

const asLine = (row: object): string =>
  JSON.stringify(Object.values(row).map((value) => (Buffer.isBuffer(value) ? value.toString('base64') : value)));

/** Expects an answer to be a problem as RFC 9457 has it, and returns its body. */
export function problemOf(answer: Pick<Response, 'status' | 'text' | 'headers'>): {
  status: number;
  code: string;
  detail: string;
  errors?: { path: string; message: string }[];
  details?: Json;
} {
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.text.length).toBeLessThan(16_000);
  const body = JSON.parse(answer.text);
  expect(body).toMatchObject({
    type: `urn:bookshelf:problem:${body.code}`,
    title: expect.stringMatching(/^[A-Z]/),
    status: answer.status,
    detail: expect.stringMatching(/./),
    code: expect.stringMatching(/^[a-z]+(-[a-z0-9]+)*$/),
  });
  return body;
}

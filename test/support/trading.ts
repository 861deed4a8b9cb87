import { Json } from './client';

/** What the shop has answered for: it must still be there whatever happens to the process. */
export interface Acknowledged {
  readonly books: string[];
  /** The titles of the books of lists that were imported to their end. */
  readonly imported: string[];
  /** Each order with the last state that was acknowledged, and what has been asked since without an answer. */
  readonly orders: Map<string, { state: string; asked?: string }>;
  /** For each book, the sum of the adjustments. */
  readonly adjustments: Map<string, number>;
  /** Requests that were refused, by what the shop called it. */
  readonly refusals: Map<string, number>;
}

/** How many books a list has that is imported. */
const LIST = 25;

/**
 * A crowd that adds books and lists of books, orders, cancels, ships and counts, each as fast as it is answered, until
 * the shop is gone.
 * It remembers what it was told across many lives of the shop.
 */
export class Trading {
  readonly acknowledged: Acknowledged = {
    books: [],
    imported: [],
    orders: new Map(),
    adjustments: new Map(),
    refusals: new Map(),
  };
  /** Books on which an adjustment was under way when the shop died: nobody knows what became of it. */
  readonly uncertain = new Set<string>();

  constructor(private readonly random: () => number) {}

  /** Trades until the shop no longer answers, or `ended` comes true. */
  async run(url: string, people: number, ended: () => boolean = () => false): Promise<void> {
    await Promise.all(Array.from({ length: people }, () => this.person(url, ended)));
  }

  private async person(url: string, ended: () => boolean): Promise<void> {
    while (!ended()) {
      try {
        await this.doSomething(url);
      } catch (error) {
        if (error instanceof Gone) return;
        throw error;
      }
    }
  }

  private async doSomething(url: string): Promise<void> {
    const { books, orders } = this.acknowledged;
    const dice = this.random();
    const book = this.oneOf(books);
    const order = this.oneOf([...orders.keys()]);
    if (!book || dice < 0.28) return this.addBook(url);
    if (dice < 0.3) return this.importList(url);
    if (dice < 0.65 || !order) return this.placeOrder(url, book);
    if (dice < 0.85) return this.moveOrder(url, order);
    return this.adjust(url, book);
  }

  private async addBook(url: string): Promise<void> {
    const book = { title: `Book ${this.random()}`, author: 'Anybody', price: { amount: 12.99, currency: 'USD' } };
    const answer = await this.post(`${url}/books`, book);
    if (answer) this.acknowledged.books.push(answer.id);
  }

  private async importList(url: string): Promise<void> {
    const titles = Array.from({ length: LIST }, () => `Listed ${this.random()}`);
    const list = ['title,author', ...titles.map((title) => `${title},Anybody`)].join('\n');
    const report = await this.send(`${url}/books/import?price=12.99`, 'text/csv', list);
    // Whoever is not told the sum has not been told that it is done.
    if (report?.includes(`{"summary":{"read":${LIST},"added":${LIST},`)) this.acknowledged.imported.push(...titles);
    else if (report?.includes('"summary"')) throw new Error(`a list was not taken as it is: ${report}`);
  }

  private async placeOrder(url: string, bookId: string): Promise<void> {
    const answer = await this.post(`${url}/orders`, {
      customer: { name: 'Alice Johnson', email: 'alice@example.com' },
      shippingAddress: '123 Main St, Anytown',
      items: [{ bookId, quantity: 1 + Math.floor(this.random() * 3) }],
    });
    if (answer) this.acknowledged.orders.set(answer.id, { state: 'PENDING' });
  }

  private async moveOrder(url: string, id: string): Promise<void> {
    const order = this.acknowledged.orders.get(id)!;
    if (order.asked) return;
    const move = this.random() < 0.5 || order.state !== 'PENDING' ? 'cancel' : 'confirm';
    order.asked = { cancel: 'CANCELLED', confirm: 'CONFIRMED' }[move];
    const answer = await this.post(
      `${url}/orders/${id}/${move}`,
      move === 'cancel' ? { reason: 'changed my mind' } : undefined,
    );
    if (answer) order.state = order.asked;
    order.asked = undefined;
  }

  private async adjust(url: string, bookId: string): Promise<void> {
    const amount = 1 + Math.floor(this.random() * 3);
    const asked = this.post(`${url}/inventory/${bookId}/adjustments`, { amount, reason: 'counted' });
    const answer = await asked.catch((error: unknown) => {
      // Whatever is answered later, what became of this one stays unknown.
      this.uncertain.add(bookId);
      throw error;
    });
    const { adjustments } = this.acknowledged;
    if (answer) adjustments.set(bookId, (adjustments.get(bookId) ?? 0) + amount);
  }

  private async post(url: string, body?: object): Promise<Json> {
    const text = await this.send(url, body && 'application/json', body && JSON.stringify(body));
    return text === undefined ? undefined : text === '' ? {} : JSON.parse(text);
  }

  /** @returns what the shop has answered; nothing when it has refused. @throws Gone, and Error for what must never be answered */
  private async send(url: string, type?: string, body?: string): Promise<string | undefined> {
    const { status, text } = await fetch(url, { method: 'POST', headers: type ? { 'content-type': type } : {}, body })
      .then(async (answer) => ({ status: answer.status, text: await answer.text() }))
      .catch(() => {
        throw new Gone();
      });
    if (status < 300) return text;
    if (status >= 500 && status !== 503) throw new Error(`${url} was answered with ${status}: ${text}`);
    const { code } = JSON.parse(text) as { code: string };
    this.acknowledged.refusals.set(code, (this.acknowledged.refusals.get(code) ?? 0) + 1);
    return undefined;
  }

  private oneOf<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.random() * list.length)];
  }
}

/** The shop has died, and nobody knows what became of the request. */
class Gone extends Error {}

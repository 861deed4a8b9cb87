import { Bookshelf } from '../support/bookshelf';
import { address, alice, Client, everythingStored, gatsby, nobody, problemOf, type Json } from '../support/client';

describe('Looking after the catalog', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start();
  });
  beforeEach(async () => {
    client = new Client(shop);
    bookId = await client.addBook();
  });
  afterAll(() => shop.close());

  const shelf = async (): Promise<Json> => {
    const { items } = await client.see('/books?limit=200');
    return items.find(({ id }: Json) => id === bookId);
  };
  const eventsOf = async (id = bookId): Promise<Json[]> => {
    const { items } = await client.see(`/events?stream=catalog.book/${id}`);
    return items.map(({ type }: Json) => type.replace('catalog.book-', ''));
  };
  const wish = (): object => ({ customer: alice, shippingAddress: address, items: [{ bookId, quantity: 1 }] });

  describe('a revision', () => {
    it('changes what it names and leaves the rest as it is', async () => {
      const answer = await client.post(`/books/${bookId}/revise`, {
        title: ' Trimalchio ',
        description: 'The working title.\nSecond line.',
        publishAt: '2030-04-10T12:00:00+02:00',
      });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        id: bookId,
        title: 'Trimalchio',
        author: gatsby.author,
        price: gatsby.price,
        description: 'The working title.\nSecond line.',
        publishAt: '2030-04-10T10:00:00.000Z',
        status: 'ADDED',
        addedAt: expect.any(String),
      });
      expect(await client.see(`/books/${bookId}`)).toEqual(answer.body);
      expect(await shelf()).toMatchObject({ title: 'Trimalchio', author: gatsby.author });
    });

    it('reaches the price list: the next order has the new title', async () => {
      await client.post(`/books/${bookId}/revise`, { title: 'Trimalchio' });
      const orderId = await client.order({ [bookId]: 1 });
      expect((await client.see(`/orders/${orderId}`)).items[0].title).toBe('Trimalchio');
    });

    it('reads an ISBN as people write it, and keeps its thirteen digits', async () => {
      const { body } = await client.post(`/books/${bookId}/revise`, { isbn: '0-14-118263-6' });
      expect(body.isbn).toBe('9780141182636');
    });

    it('that changes nothing is no event', async () => {
      const answer = await client.post(`/books/${bookId}/revise`, { title: gatsby.title });
      expect(answer.status).toBe(200);
      expect(answer.get('event-position')).toMatch(/^\d+$/);
      await client.post(`/books/${bookId}/revise`, {});
      expect(await eventsOf()).toEqual(['added']);
    });

    it('is refused when it gives the book the ISBN of another one', async () => {
      await client.addBook({ isbn: '9780684801520' });
      const before = await everythingStored(shop);
      expect(problemOf(await client.post(`/books/${bookId}/revise`, { isbn: '978-0-684-80152-0' }))).toMatchObject({
        status: 409,
        code: 'book-already-in-catalog',
        detail: 'a book with the isbn 9780684801520 is already in the catalog',
      });
      expect(await everythingStored(shop)).toEqual(before);
    });

    it('gives an ISBN to one of two books, if both want it in the same moment', async () => {
      const isbn = '9780140283297';
      const books = [bookId, await client.addBook(), await client.addBook(), await client.addBook()];
      const answers = await Promise.all(books.map((id) => client.post(`/books/${id}/revise`, { isbn })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      const events = await Promise.all(books.map((id) => eventsOf(id)));
      expect(events.filter((types) => types.includes('revised'))).toHaveLength(1);
    });
  });

  it('refuses a second book with the same ISBN, however it is written', async () => {
    await client.addBook({ isbn: '9780743273565' });
    const before = await everythingStored(shop);
    for (const isbn of ['9780743273565', '978-0-7432-7356-5', '0743273567', ' 0 7432 7356 7 ']) {
      expect(problemOf(await client.post('/books', { ...gatsby, isbn }))).toMatchObject({
        status: 409,
        code: 'book-already-in-catalog',
        details: { isbn: '9780743273565' },
      });
    }
    expect(await everythingStored(shop)).toEqual(before);
  });

  it('adds one book, however many people add the same ISBN in the same moment', async () => {
    const tries = Array.from({ length: 8 }, () => client.post('/books', { ...gatsby, isbn: '9780060935467' }));
    const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
  });

  describe('a new price', () => {
    it('is what the next order costs, while an order that is placed keeps its own', async () => {
      const before = await client.order({ [bookId]: 2 });
      const answer = await client.post(`/books/${bookId}/price`, { price: { amount: 9.5, currency: 'USD' } });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ id: bookId, price: { amount: 9.5, currency: 'USD' } });
      const after = await client.order({ [bookId]: 2 });

      const prices = async (id: string) => {
        const { items, total } = await client.see(`/orders/${id}`);
        return [items[0].unitPrice.amount, total.amount];
      };
      expect(await prices(before)).toEqual([12.99, 25.98]);
      expect(await prices(after)).toEqual([9.5, 19]);
      expect(await shelf()).toMatchObject({ price: { amount: 9.5, currency: 'USD' } });
    });

    it('is exact in every currency, however many decimals it has', async () => {
      const prices = [
        { amount: 1.005, currency: 'KWD' },
        { amount: 1300, currency: 'JPY' },
        { amount: 0.1, currency: 'EUR' },
        { amount: 0, currency: 'USD' },
      ];
      for (const price of prices) {
        expect((await client.post(`/books/${bookId}/price`, { price })).body.price).toEqual(price);
        const orderId = await client.order({ [bookId]: 2 });
        const { total } = await client.see(`/orders/${orderId}`);
        expect(total).toEqual({ ...price, amount: Number((price.amount * 2).toFixed(3)) });
      }
    });

    it('that is the old one is no event', async () => {
      expect((await client.post(`/books/${bookId}/price`, { price: gatsby.price })).status).toBe(200);
      expect(await eventsOf()).toEqual(['added']);
    });

    it('in another currency keeps the book out of orders with books in the old one', async () => {
      const other = await client.addBook();
      await client.post(`/books/${other}/price`, { price: { amount: 11, currency: 'EUR' } });
      const before = await everythingStored(shop);
      const items = [bookId, other].map((id) => ({ bookId: id, quantity: 1 }));
      const answer = await client.post('/orders', { customer: alice, shippingAddress: address, items });
      expect(problemOf(answer)).toMatchObject({
        status: 409,
        code: 'mixed-currencies',
        detail: 'an order has one currency, but its books are priced in USD and EUR',
      });
      expect(await everythingStored(shop)).toEqual(before);
    });
  });

  it('publishes a book, once', async () => {
    const answer = await client.post(`/books/${bookId}/publish`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: bookId, status: 'PUBLISHED' });
    expect(await shelf()).toMatchObject({ published: true });
    const before = await everythingStored(shop);
    expect(problemOf(await client.post(`/books/${bookId}/publish`))).toMatchObject({
      status: 409,
      code: 'book-state-forbids',
      detail: `book ${bookId} cannot be published: it is PUBLISHED`,
    });
    expect(await everythingStored(shop)).toEqual(before);
  });

  describe('a withdrawn book', () => {
    it('is gone from the shop, but not forgotten', async () => {
      const answer = await client.post(`/books/${bookId}/withdraw`, { reason: 'out of print' });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ id: bookId, status: 'WITHDRAWN' });
      expect(await shelf()).toBeUndefined();
      expect(await client.see(`/books/${bookId}`)).toMatchObject({ status: 'WITHDRAWN' });
      expect(await eventsOf()).toEqual(['added', 'withdrawn']);
    });

    it('cannot be ordered', async () => {
      await client.post(`/books/${bookId}/withdraw`);
      const before = await everythingStored(shop);
      expect(problemOf(await client.post('/orders', wish()))).toMatchObject({
        status: 409,
        code: 'book-not-for-sale',
        detail: `not for sale: book ${bookId}`,
        details: { bookIds: [bookId] },
      });
      expect(await everythingStored(shop)).toEqual(before);
    });

    it('is still delivered to those who have ordered it', async () => {
      const orderId = await client.order({ [bookId]: 1 });
      await client.post(`/books/${bookId}/withdraw`);
      await client.move(orderId, 'confirm', 'ship', 'deliver');
      expect(await client.see(`/orders/${orderId}`)).toMatchObject({ status: 'DELIVERED' });
      expect(await client.stock(bookId)).toEqual([9, 0, 9]);
    });

    it.each([
      ['revise', 'revised', { title: 'Trimalchio' }],
      ['price', 'repriced', { price: { amount: 1, currency: 'USD' } }],
      ['publish', 'published', undefined],
      ['withdraw', 'withdrawn', undefined],
    ])('refuses to %s', async (route, participle, body) => {
      await client.post(`/books/${bookId}/withdraw`);
      const before = await everythingStored(shop);
      expect(problemOf(await client.post(`/books/${bookId}/${route}`, body))).toMatchObject({
        status: 409,
        code: 'book-state-forbids',
        detail: `book ${bookId} cannot be ${participle}: it is WITHDRAWN`,
      });
      expect(await everythingStored(shop)).toEqual(before);
    });
  });

  it.each([
    ['revise', { title: 'Trimalchio' }],
    ['price', { price: gatsby.price }],
    ['publish', undefined],
    ['withdraw', undefined],
  ])('cannot %s a book that it does not have', async (route, body) => {
    expect(problemOf(await client.post(`/books/${nobody}/${route}`, body))).toMatchObject({
      status: 404,
      code: 'book-not-found',
      detail: `book ${nobody} is not in the catalog`,
    });
  });

  it('finds nothing under an id that no book has', async () => {
    expect(problemOf(await client.get(`/books/${nobody}`))).toMatchObject({ status: 404, code: 'book-not-found' });
  });
});

import { Bookshelf } from '../support/bookshelf';
import { address, alice, Client, everythingStored, gatsby, nobody, problemOf, type Json } from '../support/client';

describe('Running out of stock', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start({ environment: { INITIAL_STOCK: '5' } });
  });
  beforeEach(async () => {
    client = new Client(shop);
    bookId = await client.addBook();
  });
  afterAll(() => shop.close());

  const wish = (items: object[]): object => ({ customer: alice, shippingAddress: address, items });
  const shelf = async (): Promise<Json> => {
    await shop.settle();
    const { items } = await client.see('/books?limit=200');
    return items.find(({ id }: Json) => id === bookId);
  };
  const told = async (type: string): Promise<number> => {
    const { items } = await client.see(`/events?type=${type}&stream=inventory.stock/${bookId}`);
    return items.length;
  };

  it('begins with as many copies as the shop is told to', async () => {
    expect(await client.stock(bookId)).toEqual([5, 0, 5]);
  });

  it('is refused at once, naming the book and how many there are, and nothing is stored', async () => {
    await client.order({ [bookId]: 4 });
    const before = await everythingStored(shop);
    const answer = await client.post('/orders', wish([{ bookId, quantity: 2 }]));
    expect(problemOf(answer)).toMatchObject({
      status: 409,
      code: 'out-of-stock',
      detail: 'not enough copies of "The Great Gatsby" (2 wanted, 1 available)',
      details: { books: [{ bookId, title: gatsby.title, wanted: 2, available: 1 }] },
    });
    expect(answer.get('location')).toBeUndefined();
    expect(await everythingStored(shop)).toEqual(before);
  });

  it('names every book that falls short, and sets none of the others aside', async () => {
    const plenty = await client.addBook({ title: 'Plenty' });
    const scarce = await client.addBook({ title: 'Scarce' });
    await client.adjust(scarce, -4);
    const before = await everythingStored(shop);
    const items = [
      { bookId: plenty, quantity: 1 },
      { bookId: scarce, quantity: 2 },
      { bookId, quantity: 6 },
    ];
    const { details } = problemOf(await client.post('/orders', wish(items)));
    expect(details.books.map(({ title, wanted, available }: Json) => [title, wanted, available])).toEqual([
      ['Scarce', 2, 1],
      [gatsby.title, 6, 5],
    ]);
    expect(await everythingStored(shop)).toEqual(before);
    expect(await client.stock(plenty)).toEqual([5, 0, 5]);
  });

  it('shows in the shop when the last copy is taken, and when there are some again', async () => {
    expect(await shelf()).toMatchObject({ inStock: true });
    const orderId = await client.order({ [bookId]: 5 });
    expect(await client.stock(bookId)).toEqual([5, 5, 0]);
    expect(await shelf()).toMatchObject({ inStock: false });
    await client.move(orderId, 'cancel');
    expect(await shelf()).toMatchObject({ inStock: true });
  });

  it('is told once when the stock runs low, once when it is out, and once when it is back', async () => {
    const [ranLow, ranOut, replenished] = ['ran-low', 'ran-out', 'replenished'].map(
      (what) => `inventory.stock-${what}`,
    );
    await client.order({ [bookId]: 1 });
    expect(await told(ranLow)).toBe(0);
    await client.order({ [bookId]: 1 });
    await client.order({ [bookId]: 1 });
    expect([await told(ranLow), await told(ranOut)]).toEqual([1, 0]);
    await client.order({ [bookId]: 2 });
    expect([await told(ranLow), await told(ranOut)]).toEqual([1, 1]);
    await client.adjust(bookId, 1);
    await client.adjust(bookId, 1);
    // The first time was when the book was added.
    expect(await told(replenished)).toBe(2);
  });

  it('never sells a copy twice, however many customers want the last ones at the same moment', async () => {
    const customers = Array.from({ length: 20 }, () => new Client(shop));
    const answers = await Promise.all(customers.map((one) => one.post('/orders', wish([{ bookId, quantity: 2 }]))));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 2 }, () => 201),
      ...Array.from({ length: 18 }, () => 409),
    ]);
    for (const refused of answers.filter(({ status }) => status === 409)) {
      expect(problemOf(refused).code).toBe('out-of-stock');
    }
    expect(await client.stock(bookId)).toEqual([5, 4, 1]);
  });

  it('does not sell a book that the shop has never heard of', async () => {
    const before = await everythingStored(shop);
    const items = [
      { bookId, quantity: 1 },
      { bookId: nobody, quantity: 1 },
    ];
    expect(problemOf(await client.post('/orders', wish(items)))).toMatchObject({
      status: 409,
      code: 'book-not-for-sale',
      detail: `not for sale: book ${nobody}`,
      details: { bookIds: [nobody] },
    });
    expect(await everythingStored(shop)).toEqual(before);
  });
});

import { Bookshelf } from '../support/bookshelf';
import { Client, Json, nobody, problemOf } from '../support/client';

describe('Getting recommendations', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeEach(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
  });
  afterEach(() => shop.close());

  /** Title and common orders of what is recommended beside a book. */
  const beside = async (bookId: string, query = ''): Promise<unknown[]> =>
    (await client.see(`/books/${bookId}/recommendations${query}`)).items.map(({ title, orders }: Json) => [
      title,
      orders,
    ]);

  const addBooks = async (...titles: string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const title of titles) ids.push(await client.addBook({ title }));
    return ids;
  };

  const order = (...bookIds: string[]): Promise<string> =>
    client.order(Object.fromEntries(bookIds.map((bookId) => [bookId, 1])));

  it('a book is recommended beside those that it has orders in common with, the newer of equal ones first', async () => {
    const [emma, dune, kokoro, ulysses] = await addBooks('Emma', 'Dune', 'Kokoro', 'Ulysses');
    await order(emma, dune, kokoro);
    await order(dune, emma);
    await order(emma, kokoro);
    await client.order({ [emma]: 3, [ulysses]: 2 });
    await order(emma);
    expect(await beside(emma)).toEqual([
      ['Kokoro', 2],
      ['Dune', 2],
      ['Ulysses', 1],
    ]);
    expect(await beside(dune)).toEqual([
      ['Emma', 2],
      ['Kokoro', 1],
    ]);
    expect(await beside(ulysses)).toEqual([['Emma', 1]]);
    const { items } = await client.see(`/books/${ulysses}/recommendations`);
    expect(items).toEqual([{ bookId: emma, title: 'Emma', orders: 1 }]);
  });

  it('a cancelled order was never bought, a returned one was', async () => {
    const [emma, dune, kokoro] = await addBooks('Emma', 'Dune', 'Kokoro');
    await order(emma, dune);
    await client.move(await order(emma, dune), 'cancel');
    await client.move(await order(emma, kokoro), 'confirm', 'cancel');
    expect(await beside(emma)).toEqual([['Dune', 1]]);
    expect(await beside(kokoro)).toEqual([]);
    await client.move(await order(dune, kokoro), 'confirm', 'ship', 'deliver', 'return');
    expect(await beside(kokoro)).toEqual([['Dune', 1]]);
  });

  it('a book goes by its present title, and not at all when it was withdrawn', async () => {
    const [emma, dune, kokoro] = await addBooks('Emma', 'Dune', 'Kokoro');
    await order(emma, dune, kokoro);
    await client.post(`/books/${dune}/revise`, { title: 'Dune Messiah' });
    await client.post(`/books/${kokoro}/withdraw`, { reason: 'out of print' });
    expect(await beside(emma)).toEqual([['Dune Messiah', 1]]);
    expect(await beside(kokoro)).toEqual([
      ['Dune Messiah', 1],
      ['Emma', 1],
    ]);
  });

  it('recommendations come in pages', async () => {
    const [emma, ...others] = await addBooks('Emma', 'Dune', 'Kokoro', 'Ulysses');
    await order(emma, ...others);
    await order(emma, others[0]);
    const path = `/books/${emma}/recommendations`;
    const first = await client.see(`${path}?limit=2`);
    const second = await client.see(`${path}?limit=2&cursor=${first.next}`);
    const titles = [first, second].map(({ items }) => items.map(({ title }: Json) => title));
    expect([titles, second.next]).toEqual([[['Dune', 'Ulysses'], ['Kokoro']], undefined]);
    expect(problemOf(await client.get(`${path}?limit=201`)).errors).toEqual([
      { path: 'limit', message: 'must be a whole number from 1 to 200' },
    ]);
  });

  it('of a large order the first twenty books count', async () => {
    const ids = await addBooks(...Array.from({ length: 25 }, (_, at) => `Book ${at + 1}`));
    await order(...ids);
    const firstTwenty = (without: number) =>
      Array.from({ length: 20 }, (_, at) => at + 1)
        .filter((number) => number !== without)
        .map((number) => [`Book ${number}`, 1])
        .reverse();
    expect(await beside(ids[0])).toEqual(firstTwenty(1));
    expect(await beside(ids[19])).toEqual(firstTwenty(20));
    expect(await beside(ids[20])).toEqual([]);
  });

  it('a book that nobody has ordered has none, and what is no book is not found', async () => {
    expect(await beside(await client.addBook())).toEqual([]);
    const { status, code } = problemOf(await client.get(`/books/${nobody}/recommendations`));
    expect([status, code]).toEqual([404, 'book-not-found']);
  });

  it('they are the same when they are counted anew', async () => {
    const books = await addBooks('Emma', 'Dune', 'Kokoro');
    for (let at = 0; at < 9; at++) {
      const placed = await order(books[at % 3], books[(at + 1 + (at % 2)) % 3]);
      if (at % 4 === 0) await client.move(placed, 'cancel');
    }
    await client.post(`/books/${books[2]}/withdraw`);
    await shop.settle();
    const counted = () =>
      Promise.all([
        shop.rows('SELECT * FROM recommendations_pair ORDER BY book_id, other_id'),
        shop.rows('SELECT * FROM recommendations_book ORDER BY book_id'),
      ]);
    const before = await counted();
    expect(before.map((rows) => rows.length)).toEqual([6, 3]);
    for (const name of ['recommendations.bought-together', 'recommendations.books']) {
      await shop.http().post(`/reactions/${name}/rebuild`).expect(202);
      await shop.until(`${name} is counted anew`, async () => {
        const { body } = await shop.http().get(`/reactions/${name}`).expect(200);
        return body.state !== 'rebuilding';
      });
    }
    expect(await counted()).toEqual(before);
  });
});

import { BrowseBooksHandler } from '../../src/catalog/queries/browse-books.query';
import { Bookshelf } from '../support/bookshelf';
import { Client, problemOf, type Json } from '../support/client';

const BOOKS = [
  { title: 'Emma', author: 'Jane Austen' },
  { title: 'Persuasion', author: 'Jane Austen' },
  { title: '100% Wool_and\\Cotton', author: 'A. Weaver' },
  { title: '100 Wool and Cotton', author: 'A. Weaver' },
  { title: "O'Reilly's $1 # Guide", author: 'Tim' },
  { title: 'Émile', author: 'Jean-Jacques Rousseau' },
  { title: '吾輩は猫である', author: '夏目漱石' },
  { title: 'The Great Gatsby', author: 'F. Scott Fitzgerald' },
];

/** Opens a shop with these books, of which one is sold out. */
async function openWith(books: readonly { readonly title: string }[], soldOut: string) {
  const shop = await Bookshelf.start();
  const client = new Client(shop);
  const ids = new Map<string, string>();
  for (const book of books) ids.set(book.title, await client.addBook(book));
  await client.adjust(ids.get(soldOut)!, -10);
  await shop.settle();
  return { shop, client };
}

describe('Browsing the shop', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeAll(async () => {
    ({ shop, client } = await openWith(BOOKS, 'Emma'));
  });
  afterAll(() => shop.close());

  const titles = async (query: Record<string, string>): Promise<string[]> => {
    const { items } = await client.see(`/books?${new URLSearchParams(query).toString()}`);
    return items.map(({ title }: Json) => title);
  };
  const refused = async (query: string): Promise<Json> => problemOf(await client.get(`/books?${query}`)).errors;

  it('shows every book in the order in which they were added', async () => {
    expect(await titles({})).toEqual(BOOKS.map(({ title }) => title));
  });

  it.each([
    ['gats', ['The Great Gatsby']],
    ['GATSBY', ['The Great Gatsby']],
    ['austen', ['Emma', 'Persuasion']],
    ['猫', ['吾輩は猫である']],
    ['Émile', ['Émile']],
    ['EMILE', ['Émile']],
    ['E\u0301mile rous', ['Émile']],
    ['austen pers', ['Persuasion']],
    ["o'reilly", ["O'Reilly's $1 # Guide"]],
    ['jean-jacques', ['Émile']],
    ['  emma  ', ['Emma']],
    ['no such book', []],
  ])('finds %j in titles and authors', async (search, found) => {
    expect(await titles({ search })).toEqual(found);
  });

  it.each([
    ['100%', ['100% Wool_and\\Cotton', '100 Wool and Cotton']],
    ['wool_and', ['100% Wool_and\\Cotton', '100 Wool and Cotton']],
    ['$1', ['100% Wool_and\\Cotton', '100 Wool and Cotton', "O'Reilly's $1 # Guide"]],
    ['emm*', ['Emma']],
    ['"emma', ['Emma']],
    ['emma"', ['Emma']],
    ['author:austen', []],
    ['austen OR tim', []],
    ['austen NOT emma', []],
    ['NEAR(jane austen)', []],
    ['^jane -emma +austen', ['Emma']],
    ["' OR 1=1 --", []],
    ['[a-z]', []],
    ['atsby', []],
    ...['%', '_', '\\', "'", '"', '*', '?', '#', '()', '\u0301', '🙈'].map((sign): [string, string[]] => [sign, []]),
  ])('takes %j in a search for words, and nothing in it for an order', async (search, found) => {
    expect(await titles({ search })).toEqual(found);
  });

  it('finds the books of an author, by the whole name', async () => {
    expect(await titles({ author: 'Jane Austen' })).toEqual(['Emma', 'Persuasion']);
    expect(await titles({ author: 'Jane' })).toEqual([]);
    expect(await titles({ author: '%' })).toEqual([]);
  });

  it('tells what is in stock from what is not', async () => {
    expect(await titles({ inStock: 'false' })).toEqual(['Emma']);
    expect(await titles({ inStock: 'true' })).toHaveLength(BOOKS.length - 1);
    expect(await titles({ inStock: 'true', author: 'Jane Austen' })).toEqual(['Persuasion']);
    expect(await titles({ inStock: 'true', author: 'Jane Austen', search: 'Emma' })).toEqual([]);
    for (const value of ['', '1', 'yes', 'TRUE']) {
      expect(await refused(`inStock=${value}`)).toEqual([{ path: 'inStock', message: 'must be true or false' }]);
    }
  });

  it('is possible in pages of 1 to 200 books', async () => {
    expect(await titles({ limit: '1' })).toEqual(['Emma']);
    expect(await titles({ limit: '200' })).toHaveLength(BOOKS.length);
    const rule = { path: 'limit', message: 'must be a whole number from 1 to 200' };
    for (const limit of [
      '0',
      '201',
      '-1',
      '1.5',
      '1e2',
      '0x10',
      '',
      '%20',
      'all',
      '١',
      '1e9',
      '99999999999999999999',
    ]) {
      expect([limit, await refused(`limit=${limit}`)]).toEqual([limit, [rule]]);
    }
  });

  it('goes from page to page, and ends where nothing is left', async () => {
    const first = await client.see('/books?limit=5');
    const second = await client.see(`/books?limit=5&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ title }: Json) => title)).toEqual(BOOKS.map(({ title }) => title));
    expect(second).not.toHaveProperty('next');
    // A page that is exactly full is the last one all the same.
    expect(await client.see(`/books?limit=${BOOKS.length}`)).not.toHaveProperty('next');
  });

  it('keeps its place while books are added and withdrawn', async () => {
    const query = 'author=N.%20N.&limit=2';
    const added = [];
    for (const title of ['One', 'Two', 'Three', 'Four']) added.push(await client.addBook({ title, author: 'N. N.' }));
    const first = await client.see(`/books?${query}`);
    await client.addBook({ title: 'Five', author: 'N. N.' });
    await client.post(`/books/${added[1]}/withdraw`);
    const second = await client.see(`/books?${query}&cursor=${first.next}`);
    const third = await client.see(`/books?${query}&cursor=${second.next}`);
    expect([first, second, third].map(({ items }) => items.map(({ title }: Json) => title))).toEqual([
      ['One', 'Two'],
      ['Three', 'Four'],
      ['Five'],
    ]);
    expect(third.next).toBeUndefined();
  });

  it('finds what a book is called now, from page to page, also in a list that is built anew meanwhile', async () => {
    const query = 'search=whale&limit=2';
    const added = [];
    for (const title of ['Whale 1', 'Shark', 'Whale 2', 'Whale 3', 'Whale 4']) {
      added.push(await client.addBook({ title, author: 'Herman Melville' }));
    }
    await client.post(`/books/${added[1]}/revise`, { title: 'Whale 5' });
    const first = await client.see(`/books?${query}`);
    await client.post(`/books/${added[1]}/withdraw`);
    await client.post('/reactions/catalog.browse/rebuild');
    await shop.settle();
    await client.post(`/books/${added[3]}/revise`, { title: 'Squid' });
    await client.addBook({ title: 'Whale 6', author: 'Herman Melville' });
    const second = await client.see(`/books?${query}&cursor=${first.next}`);
    const third = await client.see(`/books?${query}&cursor=${second.next}`);
    expect([first, second, third].map(({ items }) => items.map(({ title }: Json) => title))).toEqual([
      ['Whale 1', 'Whale 5'],
      ['Whale 2', 'Whale 4'],
      ['Whale 6'],
    ]);
    expect(await titles({ search: 'shark' })).toEqual([]);
  });

  describe('refuses a cursor that it has not given:', () => {
    const pack = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    it.each([
      ['an empty one', ''],
      ['words', 'next'],
      ['signs that no cursor has', '../../etc/passwd'],
      ['something that is not JSON', Buffer.from('["').toString('base64url')],
      ['a text', pack('abc')],
      ['an object', pack({ 0: 'abc', length: 1 })],
      ['one without parts', pack([])],
      ['one with a number', pack([1])],
      ['one with too many parts', pack(['a', 'b'])],
      ['one with NUL in it', pack(['a\0b'])],
      ['one with half a character in it', pack(['\ud800'])],
      ['one with a list in it', pack([['a']])],
      ['one with null in it', pack([null])],
      ['one with blanks', Buffer.from('[ "a" ]').toString('base64url')],
      ['one of 5,000 characters', 'a'.repeat(5000)],
    ])('%s', async (_, cursor) => {
      expect(await refused(`cursor=${encodeURIComponent(cursor)}`)).toEqual([
        { path: 'cursor', message: expect.stringMatching(/^must be the `next` of an earlier page/) },
      ]);
    });

    it('one that was tampered with', async () => {
      const { next } = await client.see('/books?limit=1');
      for (const cursor of [`${next}A`, next.slice(0, -1), next.slice(1), `${next}==`, next.replace(/.$/, '*')]) {
        expect([cursor, await refused(`cursor=${encodeURIComponent(cursor)}`)]).toEqual([
          cursor,
          [expect.objectContaining({ path: 'cursor' })],
        ]);
      }
      expect(await refused(`cursor=${next}&cursor=${next}`)).toHaveLength(1);
    });

    it.each(['/inventory', '/orders', '/events'])('on %s, too', async (path) => {
      expect(problemOf(await client.get(`${path}?cursor=${pack({})}`))).toMatchObject({
        status: 400,
        code: 'cursor-invalid',
      });
    });
  });

  it('refuses filters that it does not know, and filters that are given twice', async () => {
    expect(await refused('colour=red')).toEqual([{ path: 'colour', message: 'is not a known field' }]);
    expect(await refused('search=a&search=b')).toEqual([{ path: 'search', message: 'must be text' }]);
    expect(await refused('search=')).toEqual([{ path: 'search', message: 'must be 1 to 200 characters long' }]);
    expect(await refused(`author=${'x'.repeat(151)}`)).toEqual([
      { path: 'author', message: 'must be 1 to 150 characters long' },
    ]);
  });
});

const PRICED = [
  { title: 'Free', author: 'A', price: { amount: 0, currency: 'USD' } },
  { title: 'Cheap', author: 'A', price: { amount: 4.99, currency: 'USD' } },
  { title: 'Dear', author: 'B', price: { amount: 50, currency: 'USD' } },
  { title: 'Five', author: 'B', price: { amount: 5, currency: 'USD' } },
  { title: 'Cinq', author: 'A', price: { amount: 5, currency: 'EUR' } },
  { title: 'Go', author: 'A', price: { amount: 500, currency: 'JPY' } },
  { title: 'Ten', author: 'A', price: { amount: 10, currency: 'USD' } },
  { title: 'Ten more', author: 'B', price: { amount: 10.01, currency: 'USD' } },
];

describe('Browsing the shop by price', () => {
  let shop: Bookshelf;
  let client: Client;

  beforeAll(async () => {
    ({ shop, client } = await openWith(PRICED, 'Five'));
  });
  afterAll(() => shop.close());

  const titles = async (query: string): Promise<string[]> =>
    (await client.see(`/books?${query}`)).items.map(({ title }: Json) => title);

  describe.each([
    ['few books have it', 5_000],
    ['many books have it', 0],
  ])('when %s', (_, mostSorted) => {
    let usual: number;
    beforeAll(() => {
      const handler = shop.get(BrowseBooksHandler);
      usual = handler.mostSorted;
      handler.mostSorted = mostSorted;
    });
    afterAll(() => {
      shop.get(BrowseBooksHandler).mostSorted = usual;
    });

    it.each([
      ['minPrice=5&maxPrice=10&currency=USD', ['Five', 'Ten']],
      ['minPrice=5.00&maxPrice=10.010&currency=USD', ['Five', 'Ten', 'Ten more']],
      ['minPrice=10.01&currency=USD', ['Dear', 'Ten more']],
      ['maxPrice=4.99&currency=USD', ['Free', 'Cheap']],
      ['maxPrice=0&currency=USD', ['Free']],
      ['minPrice=0&maxPrice=0&currency=USD', ['Free']],
      ['maxPrice=500&currency=JPY', ['Go']],
      ['minPrice=501&currency=JPY', []],
      ['maxPrice=5&currency=EUR', ['Cinq']],
      ['currency=USD', ['Free', 'Cheap', 'Dear', 'Five', 'Ten', 'Ten more']],
      ['currency=GBP', []],
      ['minPrice=5&currency=USD&author=B', ['Dear', 'Five', 'Ten more']],
      ['minPrice=5&currency=USD&inStock=true', ['Dear', 'Ten', 'Ten more']],
      ['minPrice=5&currency=USD&inStock=false', ['Five']],
      ['maxPrice=10&currency=USD&inStock=false', ['Five']],
      ['minPrice=1&maxPrice=10.01&currency=USD&search=ten', ['Ten', 'Ten more']],
      ['maxPrice=10&currency=USD&search=ten', ['Ten']],
      ['maxPrice=50&currency=USD&search=ten&author=B&inStock=true', ['Ten more']],
      ['minPrice=1&currency=EUR&author=B', []],
    ])('finds the books of %s', async (query, found) => {
      expect(await titles(query)).toEqual(found);
      // From page to page it is the same.
      const paged = [];
      let next = '';
      do {
        const one = await client.see(`/books?${query}&limit=1${next && `&cursor=${next}`}`);
        paged.push(...one.items.map(({ title }: Json) => title));
        next = one.next;
      } while (next);
      expect(paged).toEqual(found);
    });

    it('keeps its place while books are added, withdrawn and repriced', async () => {
      const query = 'minPrice=20&maxPrice=30&currency=USD&limit=2';
      const add = (title: string, amount: number) => client.addBook({ title, price: { amount, currency: 'USD' } });
      const added = [];
      for (const [at, title] of ['One', 'Two', 'Three', 'Four'].entries()) added.push(await add(title, 30 - at));
      const first = await client.see(`/books?${query}`);
      added.push(await add('Five', 20), await add('Six', 31));
      await client.post(`/books/${added[1]}/withdraw`);
      await client.post(`/books/${added[2]}/price`, { price: { amount: 19.99, currency: 'USD' } });
      await client.post(`/books/${added[0]}/price`, { price: { amount: 21, currency: 'USD' } });
      const second = await client.see(`/books?${query}&cursor=${first.next}`);
      expect([first, second].map(({ items }) => items.map(({ title }: Json) => title))).toEqual([
        ['One', 'Two'],
        ['Four', 'Five'],
      ]);
      expect(second).not.toHaveProperty('next');
      for (const [at, id] of added.entries()) if (at !== 1) await client.post(`/books/${id}/withdraw`);
      expect(await titles(query)).toEqual([]);
    });
  });

  const noAmount = 'must be a number that is not negative, such as 12.99';
  it.each([
    ['minPrice=1', 'currency', 'is required with minPrice and maxPrice'],
    ['maxPrice=1', 'currency', 'is required with minPrice and maxPrice'],
    ['minPrice=1&currency=usd', 'currency', 'must be an ISO 4217 currency code such as USD'],
    ['minPrice=1&currency=', 'currency', 'must be an ISO 4217 currency code such as USD'],
    ['currency=USD&currency=EUR', 'currency', 'must be text'],
    ['minPrice=2&maxPrice=1.99&currency=USD', 'minPrice', 'must not be greater than maxPrice'],
    ['minPrice=10&maxPrice=9&currency=JPY', 'minPrice', 'must not be greater than maxPrice'],
    ['minPrice=1.001&currency=USD', 'minPrice', 'must have at most 2 decimals, as USD has'],
    ['maxPrice=0.5&currency=JPY', 'maxPrice', 'must have at most 0 decimals, as JPY has'],
    ['maxPrice=100000000.01&currency=USD', 'maxPrice', 'must be at most 100000000'],
    [`minPrice=${'9'.repeat(400)}&currency=USD`, 'minPrice', 'must be at most 100000000'],
    ...['', '-1', '1e2', '0x10', 'cheap', '.5', '5.', '1,50', '%201', '١', 'NaN', '1&minPrice=2'].map(
      (amount): [string, string, string] => [`minPrice=${amount}&currency=USD`, 'minPrice', noAmount],
    ),
  ])('is refused with %s', async (query, path, message) => {
    expect(problemOf(await client.get(`/books?${query}`))).toMatchObject({ status: 400, errors: [{ path, message }] });
  });

  it('is told of everything that is wrong at once', async () => {
    const { errors } = problemOf(await client.get('/books?minPrice=cheap&maxPrice=-1&limit=0'));
    expect(errors?.map(({ path }) => path).sort()).toEqual(['currency', 'limit', 'maxPrice', 'minPrice']);
  });
});

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

describe('Browsing the shop', () => {
  let shop: Bookshelf;
  let client: Client;
  const ids = new Map<string, string>();

  beforeAll(async () => {
    shop = await Bookshelf.start();
    client = new Client(shop);
    for (const book of BOOKS) ids.set(book.title, await client.addBook(book));
    await client.adjust(ids.get('Emma')!, -10);
    await shop.settle();
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

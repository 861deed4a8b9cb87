import { once } from 'node:events';
import { IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { Bookshelf } from '../support/bookshelf';

const LIST = `title,authors,isbn
The Great Gatsby,F. Scott Fitzgerald,743273567
Emma,Jane Austen,
Emma,Jane Austen,
Persuasion,Jane Austen,9780743273566
`;

describe('Importing a list of books', () => {
  let shop: Bookshelf;

  beforeEach(async () => {
    shop = await Bookshelf.start();
  });
  afterEach(() => shop.close());

  type Line = Record<string, Record<string, unknown>>;

  const send = async (list: string, query = '?price=12.99', type = 'text/csv') => {
    const answer = await shop.http().post(`/books/import${query}`).set('content-type', type).buffer(true).send(list);
    const isStream = answer.headers['content-type'].startsWith('application/x-ndjson');
    const lines = isStream
      ? answer.text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Line)
      : [];
    return { answer, lines, last: lines.at(-1) };
  };

  it('adds its books, tells line by line how it goes, and may be repeated', async () => {
    const { answer, lines, last } = await send(LIST);
    expect(answer.status).toBe(200);
    expect(lines[0]).toHaveProperty('progress');
    expect(lines).toContainEqual({
      refused: { line: 5, reason: 'isbn must be an ISBN-13 with a correct check digit', title: 'Persuasion' },
    });
    expect(last).toEqual({ summary: { read: 4, added: 2, alreadyThere: 1, refused: 1, notes: 0 } });
    expect((await send(LIST)).last).toEqual({ summary: { read: 4, added: 0, alreadyThere: 3, refused: 1, notes: 0 } });
  });

  it('has its books stocked like any other, as nobody can tell how a book was added', async () => {
    await send(LIST);
    await shop.settle();
    const { items } = (await shop.http().get('/books?search=gatsby')).body as { items: { id: string }[] };
    expect(items).toMatchObject([{ isbn: '9780743273565', price: { amount: 12.99, currency: 'USD' }, inStock: true }]);
    expect((await shop.http().get(`/inventory/${items[0].id}`)).body).toMatchObject({ available: 10 });
  });

  it('leaves alone a book that somebody has added by hand', async () => {
    const byHand = { title: 'Gatsby', author: 'x', isbn: '9780743273565', price: { amount: 5 } };
    expect((await shop.http().post('/books').send(byHand)).status).toBe(201);
    expect((await send(LIST)).last).toEqual({ summary: { read: 4, added: 1, alreadyThere: 2, refused: 1, notes: 0 } });
  });

  it('reads lines of JSON as well', async () => {
    const { last } = await send(
      '{"title":"Emma","author":"Jane Austen"}\n',
      '?price=9.5&currency=EUR',
      'application/x-ndjson',
    );
    expect(last).toMatchObject({ summary: { added: 1 } });
    const [book] = await shop.rows('SELECT price_amount, price_currency FROM catalog_book');
    expect(book).toEqual({ price_amount: 950, price_currency: 'EUR' });
  });

  it('is one cause, on whose behalf all of it happened', async () => {
    await send(LIST);
    const causes = await shop.rows(
      "SELECT DISTINCT actor, correlation_id FROM event_log WHERE type = 'catalog.book-added'",
    );
    expect(causes).toMatchObject([{ actor: 'import' }]);
  });

  it.each([
    ['', '?price=12.99', 'text/csv', 400, 'list-empty'],
    ['name\nEmma\n', '?price=12.99', 'text/csv', 400, 'list-column-missing'],
    ['', '?price=12.99', 'application/x-ndjson', 400, 'list-empty'],
    ['title,author', '?price=12.999', 'text/csv', 400, 'amount-too-precise'],
    ['title,author', '?price=cheap', 'text/csv', 400, 'amount-invalid'],
    ['title,author', '?price=1&currency=XXY', 'text/csv', 400, 'currency-unknown'],
    ['title,author', '?price=1&dryRun=true', 'text/csv', 400, 'request-invalid'],
    ['title,author', '?price=1&price=2', 'text/csv', 400, 'request-invalid'],
    ['{}', '?price=1', 'application/json', 415, 'media-type-unsupported'],
  ])('is refused as a whole when it is %j with %s as %s', async (list, query, type, status, code) => {
    const { answer } = await send(list, query, type);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ status, code });
  });

  it('keeps what was added when the client leaves in the middle', async () => {
    const url = new URL('/books/import?price=1', await shop.url);
    const client = httpRequest(url, { method: 'POST', headers: { 'content-type': 'text/csv' } });
    client.on('error', () => undefined);
    client.write(LIST.slice(0, LIST.indexOf('Persuasion')));
    await shop.until('two books are there', async () => (await shop.rows('SELECT 1 FROM catalog_book')).length === 2);
    client.destroy();
    expect((await send(LIST)).last).toEqual({ summary: { read: 4, added: 0, alreadyThere: 3, refused: 1, notes: 0 } });
  });

  it('tells what is done while the list is still arriving', async () => {
    const url = new URL('/books/import?price=1', await shop.url);
    const client = httpRequest(url, { method: 'POST', headers: { 'content-type': 'text/csv' } });
    const answered = once(client, 'response') as Promise<[IncomingMessage]>;
    client.write('title,author\nEmma,Jane Austen\n');
    const [answer] = await answered;
    const [first] = (await once(answer, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^\{"progress":\{"read":1,/);
    client.end('Persuasion,Jane Austen\n');
    expect(await text(answer)).toContain('{"summary":{"read":2,"added":2,');
  });
});

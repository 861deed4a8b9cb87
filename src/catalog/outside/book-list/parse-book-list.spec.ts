import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { BookRow, Refusal, Row } from '../../commands/import-books';
import { formatOf, ListFormat, parseBookList } from './parse-book-list';
import { Defaults } from './row';

const USD_12_99 = { price: { amount: 1299, currency: 'USD' }, currency: 'USD' };

/** The rows of a list, which arrives in pieces of a few bytes. */
async function rowsOf(
  list: string | Buffer,
  {
    format = 'csv',
    defaults = USD_12_99,
    piece = 7,
  }: { format?: ListFormat; defaults?: Defaults; piece?: number } = {},
): Promise<Row[]> {
  const bytes = Buffer.from(list as string);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const rows: Row[] = [];
  for await (const row of parseBookList(pieces(), format, defaults)) rows.push(row);
  return rows;
}

/** What is asked most often of a row: where it is, and what it is called or why it is refused. */
const brief = (rows: Row[]) =>
  rows.map((row) => ('reason' in row ? [row.line, 'refused', row.reason] : [row.line, row.facts.title]));

const csv = async (list: string | Buffer, options = {}) => brief(await rowsOf(list, options));
const ndjson = async (list: string, options = {}) => brief(await rowsOf(list, { format: 'ndjson', ...options }));
const factsOf = async (list: string, options = {}) => ((await rowsOf(list, options))[0] as BookRow).facts;
const refusalOf = async (list: string, options = {}) => (await rowsOf(list, options))[0] as Refusal;

describe('A list of books as CSV', () => {
  it.each([
    ['of quotation marks that nobody closes', 'a","\n'],
    ['of empty lines', '\n'],
  ])('%s gives others their turn, and is not read again and again', async (_, line) => {
    const lines = 8_000;
    let turns = 0;
    let goOn = true;
    const others = () => {
      turns++;
      if (goOn) setImmediate(others);
    };
    setImmediate(others);
    const rows = await rowsOf(`title,author\n${line.repeat(lines)}`, { piece: 65_536 });
    goOn = false;
    expect(rows.filter((row) => !('reason' in row))).toEqual([]);
    // Others come to their turn every 500 lines, so turns count the lines that were read.
    expect(turns).toBeGreaterThan(lines / 1_000);
    expect(turns).toBeLessThan((lines * 10) / 500);
  });

  it('becomes the facts of books', async () => {
    expect(
      await rowsOf(
        'title,author,isbn,price,currency,description,publish_at\n' +
          'The Great Gatsby,F. Scott Fitzgerald,0-7432-7356-7,9.5,EUR,"Long Island, 1922.",2026-04-10\n',
      ),
    ).toEqual([
      {
        line: 2,
        facts: {
          title: 'The Great Gatsby',
          author: 'F. Scott Fitzgerald',
          isbn: '9780743273565',
          price: { amount: 950, currency: 'EUR' },
          description: 'Long Island, 1922.',
          publishAt: new Date('2026-04-10T00:00:00Z'),
          reference: 'isbn:9780743273565',
        },
      },
    ]);
  });

  it.each([
    ['commas', 'title,author\nEmma,Jane Austen\n'],
    ['semicolons', 'title;author\nEmma;Jane Austen\n'],
    ['tabs', 'title\tauthor\nEmma\tJane Austen\n'],
    ['a byte order mark', '\uFEFFtitle,author\nEmma,Jane Austen\n'],
    ['Windows line ends', 'title,author\r\nEmma,Jane Austen\r\n'],
    ['old Macintosh line ends', 'title,author\rEmma,Jane Austen\r'],
    ['no line end at the end', 'title,author\nEmma,Jane Austen'],
    ['quotation marks', '"title" , "author"\n "Emma" ,"Jane Austen"\n'],
    ['columns that nobody knows', 'id,title,author,rating\n1,Emma,Jane Austen,4.5\n'],
    ['other names of columns', 'Original-Title;AUTHORS\nEmma;Jane Austen'],
    ['blanks around everything', ' title , author \n Emma , Jane Austen \n'],
  ])('is read with %s', async (_, list) => {
    for (const piece of [1, 2, 1000]) {
      const [row] = await rowsOf(list, { piece });
      expect(row).toMatchObject({ line: 2, facts: { title: 'Emma', author: 'Jane Austen' } });
    }
  });

  it('keeps every script as it is, wherever a piece ends', async () => {
    const titles = ['Война и мир', '吾輩は猫である', 'ألف ليلة وليلة', 'Ἰλιάς', 'गोदान', '😀'];
    const list = `title,author\n${titles.map((title) => `${title},x\n`).join('')}`;
    for (const piece of [1, 2, 3, 5]) {
      expect(await csv(list, { piece })).toEqual(titles.map((title, at) => [at + 2, title]));
    }
  });

  it('may have delimiters, marks and line ends within quotation marks', async () => {
    const list = 'title,author,description\n"Say ""Hi"", twice",x,"one\r\ntwo"\nEmma,y,\n';
    expect((await factsOf(list)).description).toBe('one\ntwo');
    expect(await csv(list)).toEqual([
      [2, 'Say "Hi", twice'],
      [4, 'Emma'],
    ]);
  });

  it('takes a quotation mark within a cell for what it is', async () => {
    expect(await csv('title,author\n5" Floppies,x\n')).toEqual([[2, '5" Floppies']]);
  });

  it('prefers the title to the original title, where it is given', async () => {
    expect(await csv('original_title,title,author\nL’Étranger,The Stranger,x\nLa Peste,,x\n')).toEqual([
      [2, 'The Stranger'],
      [3, 'La Peste'],
    ]);
  });

  it('has a row for each line that is not empty', async () => {
    expect(await csv('\n\ntitle,author\n\nEmma,x\n,\n  \nPersuasion,y\n\n')).toEqual([
      [5, 'Emma'],
      [8, 'Persuasion'],
    ]);
  });

  it('refuses a row with too few or too many columns, and reads on', async () => {
    expect(await csv('title,author\nEmma\nEmma,Austen,Jane\nPersuasion,Jane Austen\n')).toEqual([
      [2, 'refused', 'has 1 column where the header has 2'],
      [3, 'refused', 'has 3 columns where the header has 2'],
      [4, 'Persuasion'],
    ]);
  });

  it.each([
    ['is never closed', '"Emma,x', 'a quotation mark is opened and never closed'],
    ['is closed too early', '"Em"ma,x', 'a quotation mark is closed in the middle of a cell'],
  ])('loses one row and no other when a quotation mark %s', async (_, broken, reason) => {
    expect(await csv(`title,author\nIlias,x\n${broken}\nPersuasion,x\nOdyssee,x\n`)).toEqual([
      [2, 'Ilias'],
      [3, 'refused', reason],
      [4, 'Persuasion'],
      [5, 'Odyssee'],
    ]);
  });

  it('finds where a row with an open quotation mark ends when a later row has marks of its own', async () => {
    expect(await csv('title,author\n"Emma,x\nIlias,x\n"Persuasion, again","x"\nOdyssee,x\n')).toEqual([
      [2, 'refused', 'a quotation mark is closed in the middle of a cell'],
      [3, 'Ilias'],
      [4, 'Persuasion, again'],
      [5, 'Odyssee'],
    ]);
  });

  it('looks for a closing quotation mark for a while, not to the end of a long list', async () => {
    const rows = await csv(`title,author\n"Emma,x\n${'Ilias,x\n'.repeat(10_000)}`, { piece: 65_536 });
    expect(rows).toHaveLength(10_001);
    expect(rows[0]).toEqual([2, 'refused', 'a quotation mark is opened and never closed']);
    expect(rows.at(-1)).toEqual([10_002, 'Ilias']);
  });

  it('refuses lines that are not UTF-8, or hold NUL, or never end', async () => {
    const list = Buffer.concat([
      Buffer.from('title,author\n'),
      Buffer.from('L’Été,x\n', 'latin1'),
      Buffer.from('Em\0ma,x\n'),
      Buffer.from(`${'x'.repeat(5_000_000)},x\n`),
      Buffer.from('"Emma\nand \xff more",x\n', 'latin1'),
      Buffer.from('Persuasion,x\n'),
    ]);
    expect(await csv(list, { piece: 65_536 })).toEqual([
      [2, 'refused', 'line is not valid UTF-8'],
      [3, 'refused', 'line contains NUL characters'],
      [4, 'refused', 'line is longer than 256 kB'],
      [5, 'refused', 'line 6 is not valid UTF-8'],
      [7, 'Persuasion'],
    ]);
  });

  it.each([
    ['title', 'Em\u0007ma,x,x'],
    ['author', 'Emma,x\u001by,x'],
    ['description', 'Emma,x,x\u0008y'],
  ])('refuses control characters in the %s', async (path, row) => {
    expect(await refusalOf(`title,author,description\n${row}\n`)).toMatchObject({
      reason: `${path} must not contain control characters`,
    });
  });

  it('says why a row is refused, and what it is called', async () => {
    expect(await refusalOf('title,author,isbn\nEmma,Jane Austen,9780743273566\n')).toEqual({
      line: 2,
      reason: 'isbn must be an ISBN-13 with a correct check digit',
      title: 'Emma',
    });
    expect((await refusalOf(`title,author,isbn\n${'E'.repeat(500)},x,wrong\n`)).title).toHaveLength(100);
  });

  it('tells which ISBN was damaged beyond repair', async () => {
    expect(await rowsOf('title,author,isbn13\nEmma,Jane Austen,9.78031601584e+12\n')).toMatchObject([
      { facts: { isbn: undefined }, note: 'the ISBN 9.78031601584e+12 is damaged beyond repair: taken without' },
    ]);
  });

  it('with a header and nothing else has no rows', async () => {
    expect(await csv('title,author')).toEqual([]);
    expect(await csv('title,author\r\n\r\n')).toEqual([]);
  });

  it.each([
    ['', 'list is empty'],
    ['\uFEFF\r\n \n', 'list is empty'],
    ['name,author\nEmma,x\n', 'list must have a column called title; its first line names: name, author'],
    ['title\nEmma\n', 'list must have a column called author; its first line names: title'],
    [
      'Emma;Jane Austen',
      'list must have a column called title and one called author; its first line names: Emma, Jane',
    ],
  ])('is refused as a whole when it is %j', async (list, message) => {
    await expect(rowsOf(list)).rejects.toThrow(message);
  });

  it('is refused as a whole when it is not UTF-8', async () => {
    await expect(rowsOf(Buffer.from('\uFEFFtitle,author\nEmma,x\n', 'utf16le'))).rejects.toThrow(
      'list cannot be read, as line 1 is not valid UTF-8: save it as CSV in UTF-8',
    );
    await expect(rowsOf(Buffer.from('title,author\nEmma,x\n', 'utf16le'))).rejects.toThrow('contains NUL characters');
  });

  it('is read as csv-parse reads it when it is in order', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', ';', '\n', '字', "'"), maxLength: 12 });
    const quote = (text: string) => `"${text.replace(/"/g, '""')}"`;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(',', ';', '\t'),
        fc.array(fc.tuple(cell, cell), { maxLength: 8 }),
        fc.integer({ min: 1, max: 20 }),
        async (delimiter, cells, piece) => {
          const records = cells.map(([a, b]) => [`t${a}t`, `a${b}a`]);
          const list = [['title', 'author'], ...records].map((row) => row.map(quote).join(delimiter)).join('\n');
          const expected = parse(list, { delimiter, columns: true }) as unknown as { title: string; author: string }[];
          const rows = (await rowsOf(list, { piece })) as BookRow[];
          const spaced = (text: string) => text.replace(/\s+/g, ' ').trim();
          expect(rows.map(({ facts }) => [facts.title, facts.author])).toEqual(
            expected.map(({ title, author }) => [spaced(title), spaced(author)]),
          );
        },
      ),
    );
  });

  it('never makes reading fail, whatever is in it', async () => {
    const part = fc.constantFrom('a', '"', '""', ',', '\n', '\r\n', '\r', ' ', '\0', '\uFEFF', 'é', '","', '\n"');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (parts, piece) => {
        const body = Buffer.from(parts.join(''), parts.length % 5 === 0 ? 'latin1' : 'utf8');
        const list = Buffer.concat([Buffer.from('title,author\n'), body, Buffer.from('\nEmma,x\n')]);
        const lines = (await rowsOf(list, { piece })).map(({ line }) => line);
        expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });
});

describe('The price of a row', () => {
  const row = 'title,author,price,currency\nEmma,x,';

  it.each([
    ['9.5,EUR', { amount: 950, currency: 'EUR' }],
    ['9.50,eur', { amount: 950, currency: 'EUR' }],
    ['"9,50",EUR', { amount: 950, currency: 'EUR' }],
    ['1.005,KWD', { amount: 1005, currency: 'KWD' }],
    ['500,JPY', { amount: 500, currency: 'JPY' }],
    ['8.99,', { amount: 899, currency: 'USD' }],
    [',EUR', { amount: 1299, currency: 'USD' }],
  ])('is what it says, digit by digit: %s', async (written, price) => {
    expect((await factsOf(row + written)).price).toEqual(price);
  });

  it.each([
    ['cheap,USD', 'price must be a number that is not negative, such as 12.99'],
    ['-1,USD', 'price must be a number that is not negative, such as 12.99'],
    ['"1,299",USD', 'price must be a number that is not negative, such as 12.99'],
    ['12.999,USD', 'price must have at most 2 decimals, as USD has'],
    ['12.99,XYZ1', 'currency must be an ISO 4217 currency code such as USD'],
  ])('is refused when it is %s', async (written, reason) => {
    expect(await refusalOf(row + written)).toMatchObject({ reason });
  });

  it('is missing when neither the row nor the caller says one', async () => {
    expect(await refusalOf(`${row},`, { defaults: { currency: 'USD' } })).toMatchObject({ reason: 'price is missing' });
  });
});

describe('The day on which a book of a list comes out', () => {
  it.each([
    ['2026-02-28', '2026-02-28T00:00:00.000Z'],
    ['2026-12-24T18:00:00+01:00', '2026-12-24T17:00:00.000Z'],
  ])('is read from %s', async (written, moment) => {
    expect((await factsOf(`title,author,publish_at\nEmma,x,${written}`)).publishAt?.toISOString()).toBe(moment);
    expect((await factsOf(`title,author,publishAt\nEmma,x,${written}`)).publishAt?.toISOString()).toBe(moment);
  });

  it.each(['2026-02-29', '2026-13-01', '24.12.2026', 'soon', '2026-12-24T18:00', '0000-01-01'])(
    'is refused when it is %s',
    async (written) => {
      expect(await refusalOf(`title,author,publish_at\nEmma,x,${written}`)).toMatchObject({
        reason: 'publishAt must be a date such as 2026-12-24, or 2026-12-24T18:00:00Z',
      });
    },
  );
});

describe('The key of a row', () => {
  const keyOf = async (row: string) => (await factsOf(`title,author,isbn\n${row}\n`)).reference;

  it('is its ISBN', async () => {
    expect(await keyOf('Emma,x,0743273567')).toBe('isbn:9780743273565');
  });

  it('is made of title and author where there is no ISBN, however they are spaced', async () => {
    expect(await keyOf('Emma,Jane Austen,')).toMatch(/^title:[0-9a-f]{16}$/);
    expect(await keyOf('  EMMA,"Jane\n Austen",')).toBe(await keyOf('Emma,Jane Austen,'));
    expect(await keyOf('Emma,Jane Austin,')).not.toBe(await keyOf('Emma,Jane Austen,'));
  });
});

describe('A list of books as lines of JSON', () => {
  it('becomes the facts of books', async () => {
    const book = { title: 'Emma', authors: ['Jane Austen', 'x'], ISBN: 9780743273565, description: null, rating: {} };
    expect(await factsOf(JSON.stringify(book), { format: 'ndjson' })).toMatchObject({
      title: 'Emma',
      author: 'Jane Austen, x',
      isbn: '9780743273565',
      price: { amount: 1299, currency: 'USD' },
    });
  });

  it.each([
    '"price":9.5,"currency":"EUR"',
    '"price":"9.50","currency":"eur"',
    '"price":{"amount":9.5,"currency":"EUR"}',
  ])('has prices such as %s', async (price) => {
    const facts = await factsOf(`{"title":"Emma","author":"x",${price}}`, { format: 'ndjson' });
    expect(facts.price).toEqual({ amount: 950, currency: 'EUR' });
  });

  it('refuses lines that are no book, and reads on', async () => {
    const lines = ['{"title":"Emma","author":"x"}', '', '{"title":', '[1]', 'null', '{"title":{},"author":"x"}'];
    expect(await ndjson(`\uFEFF${lines.join('\r\n')}\r\n{"title":"Ilias","author":"x"}`)).toEqual([
      [1, 'Emma'],
      [3, 'refused', 'line is not valid JSON'],
      [4, 'refused', 'line is not a JSON object'],
      [5, 'refused', 'line is not a JSON object'],
      [6, 'refused', 'title must be text'],
      [7, 'Ilias'],
    ]);
  });

  it('is refused as a whole when it is empty', async () => {
    await expect(rowsOf('\n', { format: 'ndjson' })).rejects.toThrow('list is empty');
  });
});

it.each([
  ['text/csv; charset=utf-8', 'csv'],
  ['application/x-ndjson', 'ndjson'],
])('A list that is sent as %s is read as %s', (mediaType, format) => {
  expect(formatOf(mediaType)).toBe(format);
});

import type { CommandBus } from '@nestjs/cqrs';
import { Logger } from '@nestjs/common';
import { Invalid } from '../../kernel/domain-error';
import { DatabaseError } from '../../platform/database/connection';
import { SideBySide } from '../../platform/unit-of-work/side-by-side';
import { BookAlreadyInCatalog } from '../model/catalog.errors';
import type { BookRepository } from '../persistence/book.repository';
import { AddBook } from './add-book.command';
import { BookRow, ImportBooks, ImportNews, Row } from './import-books';

const bookOf = (line: number, title = `Book ${line}`): BookRow => ({
  line,
  facts: { title, author: 'x', price: { amount: 1299, currency: 'USD' }, reference: `title:${title}` },
});

const booksOf = (count: number): BookRow[] => Array.from({ length: count }, (_, at) => bookOf(at + 2));

/** A catalog that takes each key once, one turn of the event loop after it was asked. */
class ToyCatalog {
  readonly titles = new Set<string>();
  /** It says of every book that it is there. */
  isFull = false;
  underWay = 0;
  mostUnderWay = 0;
  refuses: (title: string) => Error | undefined = () => undefined;

  readonly sideBySide = new SideBySide();
  readonly imports = new ImportBooks(
    { execute: (command: AddBook) => this.add(command) } as unknown as CommandBus,
    { isInCatalog: () => Promise.resolve(this.isFull) } as unknown as BookRepository,
    this.sideBySide,
  );

  private async add({ facts: { title } }: AddBook): Promise<string> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise(setImmediate);
    this.underWay--;
    const refusal = this.refuses(title);
    if (refusal) throw refusal;
    if (this.titles.has(title)) throw new BookAlreadyInCatalog('reference', title);
    this.titles.add(title);
    return title;
  }
}

async function* inTurn(rows: readonly Row[], onRead: (at: number) => void = () => {}): AsyncGenerator<Row> {
  for (const [at, row] of rows.entries()) {
    onRead(at);
    yield await Promise.resolve(row);
  }
}

async function allOf(news: AsyncIterable<ImportNews>): Promise<ImportNews[]> {
  const all: ImportNews[] = [];
  for await (const one of news) all.push(one);
  return all;
}

const withoutProgress = (news: ImportNews[]) => news.filter((one) => !('progress' in one));

describe('An import', () => {
  let catalog: ToyCatalog;

  beforeEach(() => {
    catalog = new ToyCatalog();
    Logger.overrideLogger(false);
  });

  it('adds the books of a list, tells what it refuses and what it notes, and sums up', async () => {
    const rows: Row[] = [
      bookOf(2, 'Emma'),
      { line: 3, reason: 'price is missing', title: 'Ilias' },
      { ...bookOf(4, 'Odyssee'), note: 'taken without ISBN' },
    ];
    expect(withoutProgress(await allOf(catalog.imports.run(inTurn(rows))))).toEqual([
      { refused: { line: 3, reason: 'price is missing', title: 'Ilias' } },
      { note: { line: 4, note: 'taken without ISBN', title: 'Odyssee' } },
      { summary: { read: 3, added: 2, alreadyThere: 0, refused: 1, notes: 1 } },
    ]);
    expect([...catalog.titles]).toEqual(['Emma', 'Odyssee']);
  });

  it('counts what is there already, from before or from an earlier row', async () => {
    await allOf(catalog.imports.run(inTurn([bookOf(2, 'Emma')])));
    const news = await allOf(catalog.imports.run(inTurn([bookOf(2, 'Emma'), bookOf(3, 'Ilias'), bookOf(4, 'Ilias')])));
    expect(news.at(-1)).toEqual({ summary: { read: 3, added: 1, alreadyThere: 2, refused: 0, notes: 0 } });
  });

  it('refuses what is no book, however much of the list is there', async () => {
    await allOf(catalog.imports.run(inTurn(booksOf(500))));
    catalog.isFull = true;
    const again = await allOf(catalog.imports.run(inTurn([...booksOf(500), bookOf(502, 'x'.repeat(201))])));
    expect(again.at(-1)).toMatchObject({ summary: { read: 501, alreadyThere: 500, refused: 1 } });
  });

  it('says why the catalog refuses a book, and goes on', async () => {
    catalog.refuses = (title) => (title === 'Emma' ? new Invalid('text-too-long', 'author', 'is too long') : undefined);
    expect(withoutProgress(await allOf(catalog.imports.run(inTurn([bookOf(2, 'Emma'), bookOf(3)]))))).toEqual([
      { refused: { line: 2, reason: 'author is too long', title: 'Emma' } },
      { summary: { read: 2, added: 1, alreadyThere: 0, refused: 1, notes: 0 } },
    ]);
  });

  it('refuses a row that fails as nobody foresaw, and goes on', async () => {
    catalog.refuses = (title) => (title === 'Emma' ? new TypeError('oops') : undefined);
    expect(withoutProgress(await allOf(catalog.imports.run(inTurn([bookOf(2, 'Emma'), bookOf(3)]))))[0]).toEqual({
      refused: { line: 2, reason: 'oops', title: 'Emma' },
    });
  });

  it('stops when the database fails, as the next row would fail as well', async () => {
    const full = new DatabaseError('SQLITE_FULL', 'database or disk is full', 'COMMIT');
    catalog.refuses = () => (catalog.titles.size < 300 ? undefined : full);
    let read = 0;
    const news = catalog.imports.run(inTurn(booksOf(10_000), () => read++));
    await expect(allOf(news)).rejects.toBe(full);
    expect(read).toBeLessThan(1000);
    expect(catalog.underWay).toBe(0);
  });

  it('has many books under way at once, but never all of a long list', async () => {
    await allOf(catalog.imports.run(inTurn(booksOf(1000))));
    expect(catalog.mostUnderWay).toBeGreaterThanOrEqual(64);
    expect(catalog.mostUnderWay).toBeLessThanOrEqual(128);
    expect(catalog.titles.size).toBe(1000);
  });

  it('reads no faster than its caller listens', async () => {
    let read = 0;
    const rows: Row[] = Array.from({ length: 1000 }, (_, at) => ({ line: at, reason: 'no' }));
    const news = catalog.imports.run(inTurn(rows, () => read++));
    for (let told = 0; told < 10; told++) await news.next();
    expect(read).toBeLessThanOrEqual(10);
  });

  it('finishes what is under way and sums up when it is interrupted', async () => {
    const interruption = new AbortController();
    const rows = inTurn(booksOf(1000), (at) => at === 500 && interruption.abort());
    const news = await allOf(catalog.imports.run(rows, { interrupted: interruption.signal }));
    expect(news.at(-1)).toEqual({ summary: { read: 500, added: 500, alreadyThere: 0, refused: 0, notes: 0 } });
    expect(catalog.titles.size).toBe(500);
  });

  it('leaves nothing under way when nobody listens any more', async () => {
    for await (const one of catalog.imports.run(inTurn(booksOf(1000)))) if ('progress' in one) break;
    expect(catalog.underWay).toBe(0);
  });

  it('stops when the shop closes', async () => {
    const rows = inTurn(booksOf(1000), (at) => at === 500 && catalog.sideBySide.beforeApplicationShutdown());
    await expect(allOf(catalog.imports.run(rows))).rejects.toMatchObject({ code: 'shutting-down' });
    expect(catalog.titles.size).toBe(500);
  });
});

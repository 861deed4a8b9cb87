import { createReadStream, ReadStream } from 'node:fs';
import { FileHandle, open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { Command, Option } from 'commander';
import { ImportBooks, ImportNews, Refusal, Tally } from '../catalog/commands/import-books';
import { ListFormat, parseBookList } from '../catalog/outside/book-list/parse-book-list';
import { Defaults, moneyOf } from '../catalog/outside/book-list/row';
import { DomainError } from '../kernel/domain-error';
import { isOutage } from '../platform/database/connection';
import { Progress } from '../platform/reactions/progress';
import { ReactionStatuses } from '../platform/reactions/reaction-status';
import { meterOf } from './meter';
import { withShop } from './open-shop';
import { Failure, Interruption, printable, runProgram } from './program';

interface Options {
  readonly price?: string;
  readonly currency: string;
  readonly format?: ListFormat;
  readonly report?: string;
  readonly publish?: true;
}

/** How many refused rows are shown on the screen. */
const SHOWN = 50;

/** Reactions may take as long as they need, but not stand still for longer than this, in milliseconds. */
const PATIENCE = 60_000;

const FORMATS: Readonly<Record<string, ListFormat>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

const format = new Intl.NumberFormat('en');
const number = (count: number): string => format.format(count);
const rows = (count: number): string => `${number(count)} ${count === 1 ? 'row' : 'rows'}`;

runProgram(async (interruption) => {
  const command = new Command('npm run import --')
    .description(
      'Adds the books of a list to the catalog. A list may be imported again: books that are there are skipped.',
    )
    .argument('<file>', 'the list: CSV with a header, or one JSON object per line')
    .option('--price <amount>', 'what a book costs whose row has no price')
    .option('--currency <code>', 'of that price, and of prices in the list without a currency', 'USD')
    .addOption(new Option('--format <format>', 'told by the name of the file').choices(['csv', 'ndjson']))
    .option('--publish', 'each book comes out as it is added, unless its row says when')
    .option('--report <file>', 'where to write each refused row and each note, one JSON object per line')
    .addHelpText(
      'after',
      `
Columns, in any order and case: title (or original_title), author (or authors), isbn, isbn10, isbn13 (or ean),
price, currency, description, publish_at. Others are left alone. CSV may be cut by , ; or tab, and has to be UTF-8.

The database is the one that DATABASE_URL names; the shop may be open meanwhile. Ctrl-C stops cleanly, and running the
same command again continues from there. Books that are there are left alone, also by --publish.

Exit code 0: read to the end, refused rows or not. 1: not read to the end. 130: Ctrl-C.

Examples:
  npm run import -- docs/sample-books.csv --price 12.99
  npm run import -- livres.csv --price 9.90 --currency EUR --report refused.ndjson
  npm run import -- books.jsonl --format ndjson --publish`,
    );
  await command.action((file: string, options: Options) => importList(file, options, interruption)).parseAsync();
  return interruption.code ?? 0;
});

async function importList(file: string, options: Options, interruption: Interruption): Promise<void> {
  const listFormat = options.format ?? FORMATS[extname(file).toLowerCase()];
  if (!listFormat) throw new Failure(`${file}: is it csv or ndjson? Say so with --format`);
  const defaults = defaultsFrom(options);
  const total = await sizeOf(file);
  const report = options.report === undefined ? undefined : await Report.to(options.report);
  await withShop(async (shop) => {
    const list = createReadStream(file);
    try {
      const news = shop.get(ImportBooks, { strict: false }).run(parseBookList(list, listFormat, defaults), {
        published: options.publish,
        interrupted: interruption.signal,
      });
      await follow(news, list, total, report);
    } catch (error) {
      throw asFailure(error, file);
    } finally {
      list.destroy();
      await report?.close();
    }
    if (interruption.code === undefined) await settle(shop, interruption.signal);
  });
  if (interruption.code !== undefined)
    console.log('\nInterrupted. What was added stays; running the same command again continues from there.');
}

function defaultsFrom({ price, currency }: Options): Defaults {
  try {
    const { currency: known } = moneyOf('0', currency);
    return { price: price === undefined ? undefined : moneyOf(price, known), currency: known };
  } catch (error) {
    throw error instanceof DomainError ? new Failure(`--${error.message}`) : error;
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const { size } = await stat(file);
    await (await open(file)).close();
    return size;
  } catch (error) {
    throw asFailure(error, file);
  }
}

/** What the file system, the list or the database says, in one line. */
function asFailure(error: unknown, file: string): unknown {
  if (error instanceof DomainError) return new Failure(`${file}: ${error.message}`);
  if (isOutage(error)) {
    return new Failure(
      `The database failed: ${error.message}. What was added stays; running the same command again continues.`,
    );
  }
  return error instanceof Error && 'syscall' in error ? new Failure(error.message) : error;
}

/** Shows how the import goes, and in the end what became of it. */
async function follow(
  news: AsyncGenerator<ImportNews>,
  list: ReadStream,
  total: number,
  report: Report | undefined,
): Promise<void> {
  const meter = meterOf('list', total);
  const refused: Refusal[] = [];
  const startedAt = Date.now();
  let summary: (Tally & { readonly notes: number }) | undefined;
  try {
    for await (const item of news) {
      if ('progress' in item) meter.show(list.bytesRead, inWords(item.progress));
      else if ('summary' in item) summary = item.summary;
      else await report?.write(item);
      if ('refused' in item && refused.length < SHOWN) refused.push(item.refused);
    }
    meter.show(list.bytesRead, inWords(summary!));
  } finally {
    meter.stop();
  }
  tell(summary!, refused, Date.now() - startedAt, report);
}

const inWords = ({ read, added, alreadyThere, refused }: Tally): string =>
  `${rows(read)}: ${number(added)} added, ${number(alreadyThere)} already there, ${number(refused)} refused`;

function tell(
  summary: Tally & { readonly notes: number },
  refused: readonly Refusal[],
  took: number,
  report: Report | undefined,
): void {
  console.log(`\n${inWords(summary)}, in ${(took / 1000).toFixed(1)} s.`);
  if (summary.notes > 0) console.log(`${rows(summary.notes)} taken with a note, such as an ISBN that is damaged.`);
  if (refused.length > 0) console.log('\nRefused:');
  for (const { line, reason, title } of refused.toSorted((a, b) => a.line - b.line)) {
    console.log(printable(`  line ${line}: ${reason}${title ? ` — ${title}` : ''}`));
  }
  const more = summary.refused - refused.length;
  if (more > 0) console.log(`  and ${number(more)} more`);
  if (report) console.log(`\nAll refused rows and notes are in ${report.path}`);
  else if (summary.notes > 0 || more > 0) console.log('\n--report <file> writes every refused row and every note.');
}

/** Waits until everybody has heard of the new books: inventory has stocked them, the shop window shows them. */
async function settle(shop: INestApplicationContext, interrupted: AbortSignal): Promise<void> {
  const statuses = shop.get(ReactionStatuses);
  let waiting: string[] = [];
  const isDone = async () => (waiting = await statuses.waiting()).length === 0;
  if (await isDone()) return;
  const meter = meterOf('reactions', 100);
  let most = 0;
  let before = '';
  let movedAt = Date.now();
  try {
    while (!(await shop.get(Progress).until(isDone, 250))) {
      const all = await statuses.all();
      const behind = all.filter(({ lag, deferred }) => lag + deferred > 0);
      const left = behind.reduce((sum, { lag, deferred }) => sum + lag + deferred, 0);
      most = Math.max(most, left);
      meter.show(
        100 * (1 - left / Math.max(1, most)),
        behind.map(({ name, lag, deferred }) => `${name} ${number(lag + deferred)} to go`).join(', '),
      );
      // Lags are counted up to a limit; below it or above, checkpoints move.
      const state = JSON.stringify(all.map(({ checkpoint, deferred, dead }) => [checkpoint, deferred, dead]));
      if (state !== before) movedAt = Date.now();
      before = state;
      if (interrupted.aborted || Date.now() - movedAt > PATIENCE) break;
    }
    if (waiting.length === 0) meter.show(100, 'everybody knows the new books');
  } finally {
    meter.stop();
  }
  if (waiting.length > 0) {
    console.log(`\nThis is still to be done, and will be when the shop is open:\n${waiting.join('\n')}`);
  }
}

/** Refused rows and notes in a file, as they occur. */
class Report {
  private pending = '';

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async to(path: string): Promise<Report> {
    try {
      return new Report(path, await open(path, 'w'));
    } catch (error) {
      throw asFailure(error, path);
    }
  }

  async write(item: object): Promise<void> {
    this.pending += `${JSON.stringify(item)}\n`;
    if (this.pending.length > 64 * 1024) await this.flush();
  }

  async close(): Promise<void> {
    await this.flush().finally(() => this.file.close());
  }

  private async flush(): Promise<void> {
    const text = this.pending;
    this.pending = '';
    await this.file.appendFile(text);
  }
}

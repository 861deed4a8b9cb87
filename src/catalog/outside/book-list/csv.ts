import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { Line } from './lines';

/** A record of a CSV file: its cells, or why it has none that can be trusted. */
export type CsvRecord = { readonly line: number } & (
  { readonly cells: readonly string[] } | { readonly complaint: string }
);

/** A record that goes on for longer than this has a quotation mark that nobody closed. */
const MOST_LINES = 200;
const LONGEST_RECORD = 256 * 1024;
/**
 * The lines of a record that came to nothing are read again. In a file that is mostly broken that must not go on without
 * end: a few thousand lines, and then each line so often on average. Beyond that, a record goes on for a few lines only.
 */
const FREE_REREADINGS = 2_000;
const REREADINGS = 4;
const FEW_LINES = 3;

/** How many lines are read before others get their turn. */
const LINES_AT_ONCE = 500;

/**
 * Reads the records of a CSV file. A record whose quotation marks are broken is one complaint, and reading goes on with
 * the line after its first: a mark that nobody closed swallows no other row. (csv-parse, which gives up on everything
 * that follows, is what the tests compare this with where a file is in order.)
 */
export async function* csvRecordsOf(lines: AsyncIterable<Line>, delimiter: string): AsyncGenerator<CsvRecord> {
  const source = new LinesAgain(lines);
  for (let first = await source.next(); first; first = await source.next()) {
    const line = first.number;
    const record = new GrowingRecord(delimiter);
    const further: Line[] = [];
    let unreadable: Line | undefined = first.complaint ? first : undefined;
    let size = first.text.length;
    let state = record.read(first.text);
    const mostLines = source.isTiresome ? FEW_LINES : MOST_LINES;
    while (state === 'open' && further.length < mostLines && size < LONGEST_RECORD) {
      const next = await source.next();
      if (!next) break;
      further.push(next);
      size += next.text.length;
      unreadable ??= next.complaint ? next : undefined;
      state = record.read(next.text);
    }
    if (state !== 'whole') {
      source.giveBack(further);
      yield { line, complaint: first.complaint ? `line ${first.complaint}` : COMPLAINTS[state] };
    } else if (unreadable) {
      yield { line, complaint: `line ${unreadable === first ? '' : `${unreadable.number} `}${unreadable.complaint}` };
    } else if (record.cells.some((cell) => cell.trim() !== '')) {
      yield { line, cells: record.cells };
    }
  }
}

const COMPLAINTS = {
  open: 'a quotation mark is opened and never closed',
  broken: 'a quotation mark is closed in the middle of a cell',
};

/** Lines, some of which were read in vain and come once more. */
class LinesAgain {
  private readonly source: AsyncIterator<Line, undefined>;
  private again: Line[] = [];
  private read = 0;
  private reread = 0;

  constructor(lines: AsyncIterable<Line>) {
    this.source = lines[Symbol.asyncIterator]() as AsyncIterator<Line, undefined>;
  }

  async next(): Promise<Line | undefined> {
    if (++this.read % LINES_AT_ONCE === 0) await turnOfTheLoop();
    return this.again.shift() ?? (await this.source.next()).value;
  }

  /** So much was read in vain that it is no accident any more. */
  get isTiresome(): boolean {
    return this.reread - FREE_REREADINGS > (this.read - this.reread) * REREADINGS;
  }

  giveBack(lines: readonly Line[]): void {
    this.reread += lines.length;
    this.again = [...lines, ...this.again];
  }
}

/** A record that is read line by line. */
class GrowingRecord {
  readonly cells: string[] = [];
  private quoted: string | undefined;

  constructor(private readonly delimiter: string) {}

  /** @returns whether the record is whole with this line, or open within quotation marks, or beyond repair */
  read(line: string): 'whole' | 'open' | 'broken' {
    let at = 0;
    if (this.quoted !== undefined) this.quoted += '\n';
    for (;;) {
      if (this.quoted === undefined) {
        const mark = afterBlanks(line, at);
        if (line[mark] !== '"') {
          const end = line.indexOf(this.delimiter, at);
          this.cells.push(end === -1 ? line.slice(at) : line.slice(at, end));
          if (end === -1) return 'whole';
          at = end + 1;
          continue;
        }
        this.quoted = '';
        at = mark + 1;
      }
      const mark = line.indexOf('"', at);
      if (mark === -1) {
        this.quoted += line.slice(at);
        return 'open';
      }
      this.quoted += line.slice(at, mark);
      if (line[mark + 1] === '"') {
        this.quoted += '"';
        at = mark + 2;
        continue;
      }
      this.cells.push(this.quoted);
      this.quoted = undefined;
      at = afterBlanks(line, mark + 1);
      if (at === line.length) return 'whole';
      if (line[at] !== this.delimiter) return 'broken';
      at++;
    }
  }
}

function afterBlanks(line: string, at: number): number {
  let next = at;
  while (line[next] === ' ') next++;
  return next;
}

/** The cells of a line as they are with each delimiter that lists are written with. */
export function readingsOf(header: string): { delimiter: string; cells: readonly string[] }[] {
  return [',', ';', '\t'].map((delimiter) => {
    const record = new GrowingRecord(delimiter);
    record.read(header);
    return { delimiter, cells: record.cells };
  });
}

import { Invalid } from '../../../kernel/domain-error';
import { refusal, Row } from '../../commands/import-books';
import { csvRecordsOf, readingsOf } from './csv';
import { Line, linesOf } from './lines';
import { Cells, Column, columnOf, Defaults, rowOf } from './row';

export type ListFormat = 'csv' | 'ndjson';

/** The format that a media type says, of the two that lists come in. */
export const formatOf = (mediaType: string): ListFormat => (/\bndjson\b/i.test(mediaType) ? 'ndjson' : 'csv');

/**
 * Reads a list of books, row by row and without holding more than one: CSV with a header, or one JSON object per line.
 * What cannot be read is a refused row; reading goes on.
 *
 * @throws Invalid at `list`, before the first row, when it is empty or when its header lacks what every book needs
 */
export async function* parseBookList(
  bytes: AsyncIterable<Uint8Array>,
  format: ListFormat,
  defaults: Defaults,
): AsyncGenerator<Row> {
  const lines = linesOf(bytes);
  try {
    const first = await firstOf(lines);
    yield* format === 'csv' ? csvRows(first, lines, defaults) : jsonRows(first, lines, defaults);
  } finally {
    await lines.return(undefined);
  }
}

/** The first line that is not blank. */
async function firstOf(lines: AsyncIterator<Line, undefined>): Promise<Line> {
  for (;;) {
    const { value: line } = await lines.next();
    if (!line) throw new Invalid('list-empty', 'list', 'is empty');
    if (line.complaint || line.text.trim() !== '') return line;
  }
}

async function* csvRows(header: Line, lines: AsyncGenerator<Line>, defaults: Defaults): AsyncGenerator<Row> {
  if (header.complaint) {
    const advice = 'save it as CSV in UTF-8, with the names of its columns in the first line';
    throw new Invalid(
      'list-unreadable',
      'list',
      `cannot be read, as line ${header.number} ${header.complaint}: ${advice}`,
    );
  }
  const { delimiter, columns } = readHeader(header.text);
  for await (const record of csvRecordsOf(lines, delimiter)) {
    if ('complaint' in record) {
      yield refusal(record.line, record.complaint);
    } else if (record.cells.length !== columns.length) {
      yield refusal(record.line, `has ${count(record.cells.length)} where the header has ${columns.length}`);
    } else {
      const cells = new Cells();
      record.cells.forEach((text, at) => columns[at] && cells.add(columns[at], text));
      yield rowOf(record.line, cells, defaults);
    }
  }
}

const count = (cells: number): string => (cells === 1 ? '1 column' : `${cells} columns`);

/** The delimiter is the one by which most columns are known, or else by which there are most. */
function readHeader(text: string): { delimiter: string; columns: readonly (Column | undefined)[] } {
  const [best] = readingsOf(text)
    .map(({ delimiter, cells }) => ({ delimiter, names: cells, columns: cells.map((cell) => columnOf(cell.trim())) }))
    .sort((a, b) => known(b.columns) - known(a.columns) || b.columns.length - a.columns.length);
  const missing = [
    best.columns.includes('title') || best.columns.includes('originalTitle') ? [] : ['title'],
    best.columns.includes('author') ? [] : ['author'],
  ].flat();
  if (missing.length > 0) {
    const names = best.names.map((name) => name.trim()).join(', ');
    const shown = names.length > 200 ? `${[...names].slice(0, 200).join('')}…` : names;
    throw new Invalid(
      'list-column-missing',
      'list',
      `must have a column called ${missing.join(' and one called ')}; its first line names: ${shown}`,
    );
  }
  return best;
}

const known = (columns: readonly (Column | undefined)[]): number =>
  columns.filter((column) => column !== undefined).length;

async function* jsonRows(first: Line, lines: AsyncGenerator<Line>, defaults: Defaults): AsyncGenerator<Row> {
  yield jsonRow(first, defaults);
  for await (const line of lines) if (line.complaint || line.text.trim() !== '') yield jsonRow(line, defaults);
}

function jsonRow({ number, text, complaint }: Line, defaults: Defaults): Row {
  if (complaint) return refusal(number, `line ${complaint}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refusal(number, 'line is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refusal(number, 'line is not a JSON object');
  }
  const cells = new Cells();
  for (const [name, content] of Object.entries(value)) {
    const column = columnOf(name);
    if (!column) continue;
    for (const [to, written] of unfolded(column, content)) {
      if (typeof written !== 'string' && typeof written !== 'number') {
        return refusal(number, `${name} must be text`, cells.get('title'));
      }
      cells.add(to, String(written));
    }
  }
  return rowOf(number, cells, defaults);
}

/** A price may be written as POST /books takes it, and authors as a list. */
function unfolded(column: Column, content: unknown): [Column, unknown][] {
  if (content === null || content === undefined) return [];
  if (column === 'author' && Array.isArray(content) && content.every((name) => typeof name === 'string')) {
    return [[column, content.join(', ')]];
  }
  if (column === 'price' && typeof content === 'object') {
    const { amount, currency } = content as { amount?: unknown; currency?: unknown };
    return [[column, amount], ...(currency === undefined ? [] : [['currency', currency] as [Column, unknown]])];
  }
  return [[column, content]];
}

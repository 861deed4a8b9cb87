import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../support/program';
import { newFolder, removeFolder } from '../support/shop-process';

/** The list that the README imports. */
const SAMPLE = join(__dirname, '..', '..', 'docs', 'sample-books.csv');

describe('Importing a list on the command line', () => {
  let folder: string;

  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => removeFolder(folder));

  it('tells what became of it, and how to see what was left out of which row', async () => {
    const { code, said } = await run('cli/import', folder, [SAMPLE, '--price', '12.99']);
    expect(said).toEqual([
      expect.stringMatching(/^13 rows: 9 added, 1 already there, 3 refused, in/),
      '1 row taken with a note, such as an ISBN that is damaged.',
      'Refused:',
      '  line 9: isbn must be an ISBN-13 with a correct check digit — Middlemarch',
      '  line 10: price must be a number that is not negative, such as 12.99 — Moby-Dick',
      '  line 14: title must not be empty',
      '--report <file> writes every refused row and every note.',
    ]);
    expect(code).toBe(0);
  });

  it('writes each note and each refused row into a report', async () => {
    const report = join(folder, 'report.ndjson');
    const { said } = await run('cli/import', folder, [SAMPLE, '--price', '12.99', '--report', report]);
    expect(said.at(-1)).toBe(`All refused rows and notes are in ${report}`);
    const items = readFileSync(report, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(items).toHaveLength(4);
    expect(items).toContainEqual({
      note: {
        line: 5,
        note: 'the ISBN 9.78014143956e+12 is damaged beyond repair: taken without',
        title: 'Wuthering Heights',
      },
    });
  });

  it('brings the books out as they are added, and leaves alone those that are there', async () => {
    const list = join(folder, 'list.csv');
    const importing = (titles: string[], ...options: string[]) => {
      writeFileSync(list, ['title,author', ...titles.map((title) => `${title},Jane Austen`)].join('\n'));
      return run('cli/import', folder, [list, '--price', '12.99', ...options]);
    };
    await importing(['Emma']);
    const { said } = await importing(['Emma', 'Persuasion', 'Sanditon'], '--publish');
    expect(said[0]).toMatch(/^3 rows: 2 added, 1 already there, 0 refused/);
    const drafts = await run('cli/shop', folder, ['publish', '--all']);
    expect(drafts.said[0]).toBe('1 book: 1 published, 0 published already, 0 refused.');
  });

  it('shows nothing that a terminal would take as an order', async () => {
    const list = join(folder, 'list.csv');
    writeFileSync(list, 'title,author\n"\u001b]0;mine now\u0007\u001b[31mEmma",Jane Austen\n');
    const { said } = await run('cli/import', folder, [list, '--price', '12.99']);
    expect(said.join('\n')).toContain('mine now');
    expect(said.join('')).not.toMatch(/\p{Cc}/u);
  });
});

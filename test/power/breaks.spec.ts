import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BREAKS } from './breaks';
import { broken } from './run';

const ROOT = join(__dirname, '..', '..');

describe('The ways in which the shop is broken on purpose', () => {
  it.each(BREAKS.map((one) => [one.name, one] as const))('%s', (_, { file, edits, caughtBy }) => {
    const sound = readFileSync(join(ROOT, file), 'utf8');
    expect(broken(sound, edits)).not.toBe(sound);
    expect(caughtBy.filter((test) => !existsSync(join(ROOT, test)))).toEqual([]);
  });

  it('are those of the table, each of which was noticed', () => {
    const table = readFileSync(join(ROOT, 'docs', 'proof.md'), 'utf8');
    const rows = [...table.matchAll(/^\| (.*?) \|/gm)].map(([, name]) => name);
    expect(rows).toEqual(['When', ...BREAKS.map(({ name }) => name)]);
  });
});

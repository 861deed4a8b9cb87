import { readFileSync } from 'node:fs';
import { page, PAGE, suites } from './guarantees';

describe('The page of the guarantees', () => {
  it('says what the tests say, and nothing else (`npm run docs` writes it)', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(page());
  });

  it('has a test for each of the fifteen', () => {
    const numbers = new Set(suites().map(({ file }) => Number(/^\d+/.exec(file)?.[0])));
    expect(Array.from({ length: 15 }, (_, at) => at + 1).filter((number) => !numbers.has(number))).toEqual([]);
    expect(suites().filter(({ sentences }) => sentences.length === 0)).toEqual([]);
  });
});

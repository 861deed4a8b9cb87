import { Logger } from '@nestjs/common';
import { text } from 'node:stream/consumers';
import { Refused } from '../../kernel/domain-error';
import { streamLines } from './ndjson';

async function* failingAfter(count: number, error: Error): AsyncGenerator<object> {
  for (let n = 1; n <= count; n++) yield await Promise.resolve({ n });
  throw error;
}

describe('An answer line by line', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('is one JSON object per line', async () => {
    async function* items() {
      yield await Promise.resolve({ n: 1 });
      yield { n: 2 };
    }
    expect(await text(await streamLines(items()))).toBe('{"n":1}\n{"n":2}\n');
    async function* none() {}
    expect(await text(await streamLines(none()))).toBe('');
  });

  it('is not begun when there is an error before its first line', async () => {
    await expect(streamLines(failingAfter(0, new Refused('too-late', 'it is too late')))).rejects.toThrow('too late');
  });

  it('ends with a later error, in the words of problem details', async () => {
    expect(await text(await streamLines(failingAfter(1, new Refused('too-late', 'it is too late'))))).toBe(
      '{"n":1}\n{"error":{"code":"too-late","detail":"it is too late"}}\n',
    );
    expect(await text(await streamLines(failingAfter(1, new TypeError('secret'))))).toMatch(
      /^\{"n":1\}\n\{"error":\{"code":"internal-error","detail":"Something went wrong/,
    );
  });

  it('ends without a word when there is nobody to read it', async () => {
    const gone = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    expect(await text(await streamLines(failingAfter(1, gone)))).toBe('{"n":1}\n');
  });

  it('lets go of where it comes from when the reader leaves', async () => {
    let released = false;
    async function* endless() {
      try {
        for (;;) yield await Promise.resolve({ n: 1 });
      } finally {
        released = true;
      }
    }
    const lines = await streamLines(endless());
    for await (const _ of lines) break;
    await new Promise(setImmediate);
    expect(released).toBe(true);
  });
});

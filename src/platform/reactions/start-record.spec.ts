import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartRecord } from './start-record';

/** No process has this number: it is larger than any system gives. */
const NOBODY = 2 ** 30;

describe('What a process was doing when it died', () => {
  let folder: string;
  let database: string;
  const leave = (host: string): string => {
    const file = `${database}-started-${host}-${NOBODY}-1`;
    writeFileSync(file, `${'42'.padStart(16)} test.read\n${'0'.padStart(16)} test.write\n`);
    return file;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'starts-'));
    database = join(folder, 'shop.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is found by another one of the same machine, and forgotten when that says so', () => {
    const file = leave(hostname());
    const [left, ...others] = StartRecord.ofTheDead(database);
    expect(left.starts).toEqual([{ reaction: 'test.read', position: 42 }]);
    expect(others).toEqual([]);
    left.forget();
    expect(existsSync(file)).toBe(false);
  });

  it('is left alone where it may be another machine, of which nobody here knows who lives', () => {
    leave(`${hostname()}-1`);
    expect(StartRecord.ofTheDead(database)).toEqual([]);
    expect(StartRecord.ofTheLiving(database)).toEqual([]);
  });

  it('is every event that was under way, of reactions that handle several at once, too', () => {
    const record = StartRecord.open(database, [
      ['test.call', 3],
      ['test.read', 1],
    ]);
    record.begin('test.call', 7, 0);
    record.begin('test.call', 8, 2);
    record.begin('test.call', 9, 1);
    record.begin('test.read', 5, 0);
    record.end('test.call', 2);
    // What is on the disk when it dies now.
    const [own] = readdirSync(folder);
    copyFileSync(join(folder, own), leave(hostname()));
    record.close();
    const [{ starts }] = StartRecord.ofTheDead(database);
    expect(starts.map(({ reaction, position }) => [reaction, position])).toEqual([
      ['test.call', 7],
      ['test.call', 9],
      ['test.read', 5],
    ]);
  });
});

import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { run } from '../support/program';
import { newFolder, removeFolder } from '../support/shop-process';

describe('Opening the shop with a wrong setting', () => {
  let folder: string;

  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => removeFolder(folder));

  it.each<[RegExp, Record<string, string>]>([
    [/^DATABASE_URL must be sqlite:<file>.*not "mysql:x"$/, { DATABASE_URL: 'mysql:x' }],
    [/^INITIAL_STOCK must be a whole number.*not "abc"$/, { INITIAL_STOCK: 'abc' }],
    [/^PORT must be a whole number.*not "-1"$/, { PORT: '-1' }],
    [/^REACTIONS must be on or off, not "perhaps"$/, { REACTIONS: 'perhaps' }],
  ])('is refused in one line: %s', async (says, environment) => {
    const { code, said, complaints } = await run('main', folder, [], environment);
    expect([...said, ...complaints]).toEqual([expect.stringMatching(says)]);
    expect(code).toBe(1);
  });

  it('is refused in one line where another program listens', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, said, complaints } = await run('main', folder, [], { PORT: String(port) });
    other.close();
    expect([...said, ...complaints]).toEqual([
      expect.stringMatching(/^listen EADDRINUSE.*another program listens there; set PORT to another number$/),
    ]);
    expect(code).toBe(1);
  });
});

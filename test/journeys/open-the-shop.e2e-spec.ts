import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { reasonToStop } from '../../src/platform/observability/reason-to-stop';
import { Bookshelf, SECRET } from '../support/bookshelf';
import { run } from '../support/program';
import { newFolder, removeFolder, ShopProcess } from '../support/shop-process';

describe('Opening the shop with a wrong setting', () => {
  let folder: string;

  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => removeFolder(folder));

  it.each<[RegExp, Record<string, string>]>([
    [/^DATABASE_URL must be sqlite:<file>.*not "mysql:x"$/, { DATABASE_URL: 'mysql:x' }],
    [/^INITIAL_STOCK must be a whole number.*not "abc"$/, { INITIAL_STOCK: 'abc' }],
    [/^PAYMENT_WEBHOOK_SECRET must be at least 16 (?!.*short)/, { PAYMENT_WEBHOOK_SECRET: 'short' }],
    [/^PAYMENT_PROVIDER_URL must be local:<directory>$/, { PAYMENT_PROVIDER_URL: 'https://pay.example' }],
    [/^STAFF_EMAIL must be one address.*not "crew"$/, { STAFF_EMAIL: 'crew' }],
    [/^REACTIONS must be on or off, not "perhaps"$/, { REACTIONS: 'perhaps' }],
  ])('is refused in one line: %s', async (says, environment) => {
    const reason = await Bookshelf.start({ folder, environment }).then(() => 'it has opened', reasonToStop);
    expect(reason).toMatch(says);
  });

  it('ends the program, which says that line and nothing else', async () => {
    const { code, said, complaints } = await run('main', folder, [], { PORT: '-1' });
    expect([...said, ...complaints]).toEqual([expect.stringMatching(/^PORT must be a whole number.*not "-1"$/)]);
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

describe('Opening the shop without PAYMENT_WEBHOOK_SECRET', () => {
  it('is possible, and told in one line', async () => {
    const folder = newFolder();
    const shop = await ShopProcess.start({ folder });
    await shop.until('it has said so', (output) => output.includes('PAYMENT_WEBHOOK_SECRET is not set'));
    await shop.stop();
    const other = await ShopProcess.start({ folder, environment: { PAYMENT_WEBHOOK_SECRET: SECRET } });
    await other.stop();
    expect(other.output).not.toContain('PAYMENT_WEBHOOK_SECRET');
    removeFolder(folder);
  });
});

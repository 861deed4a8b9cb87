import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Bookshelf } from '../support/bookshelf';
import { Client, Json } from '../support/client';
import { compiled } from '../support/compiled';
import { databaseIn } from '../support/database';
import { livedIn } from '../support/lived-in';
import { run } from '../support/program';
import { newFolder, removeFolder } from '../support/shop-process';

/** The list that the README imports. */
const SAMPLE = join(__dirname, '..', '..', 'docs', 'sample-books.csv');

/** Three programs one after another, each of which makes its days one by one. */
jest.setTimeout(120_000);

describe('Filling a shop on the command line', () => {
  let folder: string;

  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => removeFolder(folder));

  it('makes a month of life in a new shop, of which no letter goes out, and never touches one that has lived', async () => {
    const mail = join(folder, 'mail');
    const small = ['--orders', '8', '--titles', '12', '--books', SAMPLE];
    const { code, said, complaints } = await run('cli/seed', folder, small, { MAIL_URL: `file:${mail}` });
    expect([code, complaints]).toEqual([0, []]);
    expect(said).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\d+ steps in \d+\.\d s:$/),
        expect.stringMatching(/^ {2}12 books: \d+ published, \d+ withdrawn$/),
        expect.stringMatching(/^ {2}\d+ orders: \d+ pending, \d+ confirmed, \d+ shipped, \d+ delivered, /),
        expect.stringMatching(/^ {2}USD [\d.,]+ of revenue: /),
        expect.stringMatching(/^ {2}curl 'localhost:3000\/analytics\/sales\?from=\d{4}-\d\d-\d\d'$/),
      ]),
    );

    const shop = await Bookshelf.start({ folder });
    const client = new Client(shop);
    // Where books stay that have been withdrawn.
    const { items: stock } = await client.see('/inventory');
    expect(stock.map(({ title }: Json) => title)).toEqual(expect.arrayContaining(['Dracula', 'The Last Lighthouse']));
    const { items: letters } = await client.see('/notifications?limit=200');
    expect(letters.length).toBeGreaterThan(8);
    expect(letters.filter(({ status }: Json) => status !== 'SENT')).toEqual([]);
    expect(existsSync(mail)).toBe(false);
    const now = new Date().toISOString();
    const from = new Date(Date.parse(now) - 31 * 24 * 60 * 60 * 1000).toISOString();
    const { items: orders } = await client.see('/orders');
    expect(orders.filter(({ placedAt }: Json) => placedAt < from || placedAt > now)).toEqual([]);
    expect(new Set(orders.map(({ placedAt }: Json) => placedAt.slice(0, 10))).size).toBeGreaterThan(3);
    const { items: events } = await client.see('/events?limit=1');
    expect(events[0].actor).toBe('seed');
    await shop.stop();

    const again = await run('cli/seed', folder, small);
    expect([again.code, again.said]).toEqual([1, []]);
    expect(again.complaints).toEqual([
      expect.stringMatching(
        /^the shop at .* has events already: let DATABASE_URL name a database that is new or empty$/,
      ),
    ]);
  });

  it('is refused while the shop is open, which would take part in it by its own clock', async () => {
    const shop = await Bookshelf.start({ folder });
    const { code, said, complaints } = await run('cli/seed', folder);
    expect([code, said]).toEqual([1, []]);
    expect(complaints).toEqual([
      expect.stringMatching(`^the shop at .* is open, in process ${process.pid}: close it first$`),
    ]);
    expect((await new Client(shop).see('/events')).items).toEqual([]);
    await shop.stop();
  });

  it('ends cleanly at Ctrl-C, with what has happened until then', async () => {
    const program = spawn(process.execPath, [join(compiled(), 'src', 'cli', 'seed.js')], {
      cwd: folder,
      env: { PATH: process.env.PATH, DATABASE_URL: databaseIn(folder), DATA_DIR: folder },
    });
    const said = text(program.stdout);
    // The first word of progress.
    await once(program.stderr, 'data');
    program.kill('SIGINT');
    const [code] = (await once(program, 'exit')) as [number | null];
    expect(code).toBe(130);
    expect(await said).toContain('Interrupted. What has happened stays');
    const doctor = await run('cli/doctor', folder, ['--quiet']);
    expect([doctor.code, doctor.said]).toEqual([0, []]);
    const shop = await Bookshelf.start({ folder });
    const waiting = (await new Client(shop).see('/reactions')).items.filter(({ lag, dead }: Json) => lag + dead > 0);
    expect(waiting).toEqual([]);
    await shop.stop();
  }, 60_000);

  it('gives the same figures for the same seed, though no id is the same', async () => {
    const figures = async (): Promise<Json> => {
      const { shop } = await livedIn({ seed: 3, titles: 8, days: 10, orders: 12 });
      const client = new Client(shop);
      const seen = [
        await client.see('/analytics/sales'),
        await client.see('/analytics/funnel'),
        await client.see('/analytics/best-sellers'),
        await client.see('/inventory'),
        await client.see('/orders'),
      ];
      await shop.close();
      return JSON.parse(JSON.stringify(seen, (key, value) => (/id$/i.test(key) ? undefined : value)));
    };
    const first = await figures();
    expect(first[4].items.length).toBeGreaterThan(8);
    expect(new Set(first[4].items.map(({ status }: Json) => status))).toContain('DELIVERED');
    expect(await figures()).toEqual(first);
  });
});

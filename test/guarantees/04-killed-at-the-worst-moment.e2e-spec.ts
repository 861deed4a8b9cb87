import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Doctor } from '../../src/platform/invariants/doctor';
import { Bookshelf } from '../support/bookshelf';
import { Client, gatsby } from '../support/client';
import { run } from '../support/program';
import { dyingAt, newFolder, removeFolder, ShopProcess } from '../support/shop-process';

jest.setTimeout(60_000);

describe('Nothing is lost when the process is killed at the worst moment', () => {
  let folder: string;
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => removeFolder(folder));

  /** Opens what the dead process has left behind, and lets it do what is still to do. */
  async function reopened(check: (shop: Bookshelf) => Promise<void>): Promise<void> {
    const shop = await Bookshelf.start({ folder });
    try {
      await shop.settle();
      await check(shop);
      expect(await shop.get(Doctor).examine()).toEqual([]);
    } finally {
      await shop.stop();
    }
  }

  const count = async (shop: Bookshelf, table: string): Promise<number> =>
    (await shop.rows<{ count: number }>(`SELECT count(*) AS count FROM ${table}`))[0].count;

  async function expectOneBook(shop: Bookshelf): Promise<void> {
    const [book, ...others] = await shop.rows<{ id: string }>('SELECT id FROM catalog_book');
    expect(others).toEqual([]);
    expect(await new Client(shop).see(`/inventory/${book.id}`)).toMatchObject({ quantity: 10, available: 10 });
    expect(await count(shop, 'inventory_movement')).toBe(1);
    expect((await new Client(shop).see('/books')).items).toHaveLength(1);
  }

  it.each([
    ['before the commit of what a client has asked for', false, ['INSERT INTO catalog_book', '^COMMIT']],
    ['between that commit and the first delivery', true, ['INSERT INTO catalog_book', 'after ^COMMIT']],
    ['between an effect and the checkpoint', true, ['^INSERT INTO catalog_browse ', '^UPDATE reaction SET checkpoint']],
    ['between the checkpoints and their commit', true, ['INSERT INTO inventory_stock', '^COMMIT']],
    ['after the commit of the effects', true, ['INSERT INTO inventory_stock', 'after ^COMMIT']],
  ])('%s: the change is whole or not there, and has its effects once', async (_moment, stays, moment) => {
    const dying = await ShopProcess.start({ folder, environment: dyingAt(...moment) });
    await dying
      .http()
      .post('/books')
      .send(gatsby)
      .catch(() => undefined);
    expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' });

    await reopened(async (shop) => {
      expect(await count(shop, 'catalog_book')).toBe(stays ? 1 : 0);
      // The client has had no answer, and asks again.
      const { status } = await new Client(shop).post('/books', gatsby);
      expect(status).toBe(stays ? 409 : 201);
      await shop.settle();
      await expectOneBook(shop);
    });
  });

  it.each([
    ['in the middle of the first migrations', ['CREATE TABLE orders_order']],
    ['between the last migration and the commit of all', ['CREATE TABLE reaction_unfinished', '^COMMIT']],
    ['while the tables of the projections are made', ['CREATE TABLE orders_price']],
    ['before these are committed', ['CREATE TABLE orders_price', '^COMMIT']],
  ])('%s: the next start begins where it can', async (_moment, moment) => {
    const dying = ShopProcess.launch({ folder, environment: dyingAt(...moment) });
    expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' });

    await reopened(async (shop) => {
      await new Client(shop).addBook();
      await shop.settle();
      await expectOneBook(shop);
    });
  });

  it('when a rebuild was asked for: it is done after the next start', async () => {
    const open = await Bookshelf.start({ folder });
    await new Client(open).addBook();
    await open.settle();
    await open.stop();
    const begun = ['INSERT INTO event_log', 'after ^COMMIT'];
    const dying = await ShopProcess.start({ folder, environment: dyingAt(...begun) });
    await dying
      .http()
      .post('/reactions/catalog.browse/rebuild')
      .catch(() => undefined);
    expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' });

    const next = await ShopProcess.start({ folder });
    try {
      await next.settle();
      expect(next.output).toContain('catalog.browse has been built anew');
    } finally {
      await next.stop();
    }
    await reopened(expectOneBook);
  });

  it('in the middle of an import: the same list again adds what is missing', async () => {
    const list = join(folder, 'list.csv');
    const titles = Array.from({ length: 600 }, (_, number) => `The Book of ${number},Anonymous`);
    writeFileSync(list, ['title,author', ...titles].join('\n'));
    const args = [list, '--price', '12.99'];
    const secondGroup = ['INSERT INTO catalog_book', '^COMMIT', 'INSERT INTO catalog_book', '^COMMIT'];
    const { code } = await run('cli/import', folder, args, dyingAt(...secondGroup));
    // Killed, not ended.
    expect(code).toBeNull();

    let there = 0;
    await reopened(async (shop) => {
      there = await count(shop, 'catalog_book');
      expect([there > 0, there < titles.length]).toEqual([true, true]);
    });
    const { said } = await run('cli/import', folder, args);
    expect(said[0]).toMatch(`600 rows: ${600 - there} added, ${there} already there, 0 refused`);
    await reopened(async (shop) => {
      expect(await count(shop, "catalog_book WHERE title LIKE 'The Book of %'")).toBe(600);
      expect(await count(shop, 'inventory_stock WHERE quantity = 10')).toBe(600);
      expect(await count(shop, 'inventory_movement')).toBe(600);
    });
  });
});

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { databaseOptions } from '../../src/platform/database/database.options';
import { Environment } from '../../src/platform/environment';
import { Bookshelf } from '../support/bookshelf';
import { Client } from '../support/client';
import { run } from '../support/program';
import { databaseIn, itOnPostgres, itOnSqlite } from '../support/database';
import { newFolder, removeFolder } from '../support/shop-process';

describe('The doctor', () => {
  let folder: string;
  const file = () => join(folder, 'shop.db');

  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => removeFolder(folder));

  /** A shop that has been open and is closed again. */
  async function someTrade(): Promise<void> {
    const shop = await Bookshelf.start({ folder });
    await new Client(shop).addBook();
    await shop.settle();
    await shop.stop();
  }

  itOnSqlite('finds everything as it should be after a day of trade, and changes nothing', async () => {
    await someTrade();
    const before = await readFile(file());
    const { code, said, complaints } = await run('cli/doctor', folder);
    expect(complaints).toEqual([]);
    expect(said).toEqual(expect.arrayContaining(['✓ the database file is sound', '✓ a dead letter says why']));
    expect(said.at(-1)).toBe('All is well.');
    expect(code).toBe(0);
    expect((await readFile(file())).equals(before)).toBe(true);
  });

  itOnSqlite('does not make a database where there is none', async () => {
    const { code, said, complaints } = await run('cli/doctor', folder);
    expect([...said, ...complaints]).toEqual([`there is no database at ${file()}`]);
    expect(code).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  itOnSqlite('does not bring a database up to date that is older than the program', async () => {
    await someTrade();
    const source = await new DataSource(
      databaseOptions(new Environment({ DATABASE_URL: databaseIn(folder) })),
    ).initialize();
    await source.undoLastMigration();
    await source.destroy();
    const before = await readFile(file());
    const { code, said, complaints } = await run('cli/doctor', folder);
    expect([...said, ...complaints]).toEqual([
      `the database at ${file()} is older than this program: start the shop first`,
    ]);
    expect(code).toBe(1);
    expect((await readFile(file())).equals(before)).toBe(true);
  });

  itOnSqlite('says so when the file is no database', async () => {
    await writeFile(file(), 'title,author\n'.repeat(1000));
    const { code, said, complaints } = await run('cli/doctor', folder);
    expect([...said, ...complaints]).toEqual(['DATABASE_URL names a file that is not a database']);
    expect(code).toBe(1);
  });

  itOnPostgres('finds everything as it should be after a day of trade on a server', async () => {
    await someTrade();
    const { code, said, complaints } = await run('cli/doctor', folder);
    expect(complaints).toEqual([]);
    expect(said).toContain('✓ the database keeps what it has confirmed');
    expect(said.at(-1)).toBe('All is well.');
    expect(code).toBe(0);
  });

  it('helps without a database', async () => {
    const { code, said } = await run('cli/doctor', folder, ['--help']);
    expect(said[0]).toBe('Usage: npm run doctor [options]');
    expect(code).toBe(0);
  });
});

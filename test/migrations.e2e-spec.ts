import '../src/app.module';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { databaseOptions } from '../src/platform/database/database.options';
import { Environment } from '../src/platform/environment';
import { reasonToStop } from '../src/platform/observability/reason-to-stop';
import { Bookshelf } from './support/bookshelf';
import { databaseIn } from './support/database';
import { newFolder, removeFolder } from './support/shop-process';

const folder = newFolder();
let source: DataSource;

beforeAll(async () => {
  source = new DataSource(databaseOptions(new Environment({ DATABASE_URL: databaseIn(folder) })));
  await source.initialize();
  await source.runMigrations();
});
afterAll(async () => {
  await source.destroy();
  removeFolder(folder);
});

/** Every table, index and trigger as the database has it. */
const schema = (): Promise<{ name: string; sql: string }[]> =>
  source.query("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name");

it('the migrations make what the tables declare: with nothing changed, there is no migration to generate', async () => {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

it('the index of a table says of which rows it is, as its migration does', async () => {
  const found = (await schema()).filter(({ sql }) => /^CREATE (UNIQUE )?INDEX/.test(sql));
  const made = found.map(({ name, sql }) => ({ name, where: / WHERE (.*)$/.exec(sql)?.[1] }));
  const declared = source.entityMetadatas
    // The platform makes the tables of projections itself.
    .filter(({ synchronize }) => synchronize)
    .flatMap(({ indices }) => indices.map(({ name, where }) => ({ name, where })));
  expect(declared.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(made);
});

it('every migration can be undone and done again', async () => {
  const before = await schema();
  for (const _ of source.migrations) await source.undoLastMigration();
  expect(await schema()).toMatchObject([{ name: 'platform_migration' }]);
  await source.runMigrations();
  expect(await schema()).toEqual(before);
});

it('the shop does not start while no migration makes a table, or a column, that is declared', async () => {
  class ReaderTable {
    @PrimaryColumn('text') id: string;
  }
  Entity('loyalty_reader')(ReaderTable);
  class WeighedBookTable {
    @PrimaryColumn('text') id: string;
    @Column('integer') weight: number;
  }
  Entity('catalog_book')(WeighedBookTable);

  const refusal = await Bookshelf.start().then(
    () => 'it has started',
    (error: unknown) => reasonToStop(error),
  );
  expect(refusal).toBe(
    'the database does not have what the program declares, so a migration is missing: table loyalty_reader, column catalog_book.weight\n' +
      'npm run migration:generate -- src/<context>/persistence/migrations/<name> writes it',
  );
});

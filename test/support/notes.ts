import { getDataSourceToken } from '@nestjs/typeorm';
import { Column, DataSource, Entity, PrimaryColumn, Repository } from 'typeorm';
import { Bookshelf } from './bookshelf';
import { Do } from './handlers';

/** A table that knows nothing of the platform, for tests that write as the TypeORM documentation teaches. */
@Entity('note', { synchronize: false })
export class NoteTable {
  @PrimaryColumn('text') id: string;
  @Column('text', { unique: true }) text: string;
}

/** TypeORM's own way to the database, as it is injected with `getDataSourceToken()`. */
export const dataSource = (shop: Bookshelf): DataSource => shop.get(getDataSourceToken() as never);

/** TypeORM's own repository, as it is injected with `getRepositoryToken(NoteTable)`. */
export const notes = (shop: Bookshelf): Repository<NoteTable> => dataSource(shop).getRepository(NoteTable);

/** Makes the table. */
export async function keepNotes(shop: Bookshelf): Promise<void> {
  await shop.send(
    new Do(async () => {
      await dataSource(shop).query('CREATE TABLE note (id text PRIMARY KEY NOT NULL, text text NOT NULL UNIQUE)');
    }),
  );
}

/** What everybody can read in the table. */
export const noted = async (shop: Bookshelf): Promise<string[]> =>
  (await shop.rows<{ text: string }>('SELECT text FROM note ORDER BY text')).map(({ text }) => text);

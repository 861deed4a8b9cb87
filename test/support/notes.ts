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

/** Makes the table, with a note for each of these ids that has its id as its text. */
export async function keepNotes(shop: Bookshelf, ...ids: readonly string[]): Promise<void> {
  await shop.send(
    new Do(async () => {
      await dataSource(shop).query('CREATE TABLE note (id text PRIMARY KEY NOT NULL, text text NOT NULL UNIQUE)');
      for (const id of ids) shop.work.put(NoteTable, { id, text: id });
    }),
  );
}

/** What everybody can read in the table. */
export const noted = async (shop: Bookshelf): Promise<string[]> =>
  (await shop.rows<{ text: string }>('SELECT text FROM note ORDER BY text')).map(({ text }) => text);

import { Module, Type } from '@nestjs/common';
import { configure } from '../../src/app.configure';
import { AppModule } from '../../src/app.module';
import { BookAdded } from '../../src/catalog/catalog.events';
import { Key, Projection, ReadTable } from '../../src/platform/projections/projection';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { MORE_REACTIONS } from '../more-reactions';
import { serve } from './serve';

/** A reaction that stores one row for each book. */
function note(table: string): Type {
  @ReadTable(table)
  class NoteTable {
    @Key() bookId: string;
  }

  @Projection(BookAdded, table.replace('_', '.').replaceAll('_', '-'), { tables: [NoteTable] })
  class NoteOnBookAdded {
    constructor(private readonly work: UnitOfWork) {}

    async handle({ bookId }: BookAdded): Promise<void> {
      this.work.put(NoteTable, { bookId });
    }
  }
  return NoteOnBookAdded;
}

/** The shop with more reactions to each book. */
@Module({ imports: [AppModule], providers: MORE_REACTIONS.map(note) })
class ShopWithMoreReactions {}

void serve(ShopWithMoreReactions, configure);

import { scrypt, type BinaryLike, type ScryptOptions } from 'node:crypto';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { BookAdded } from '../../src/catalog/catalog.events';
import { ReadTable, Key, Projection } from '../../src/platform/projections/projection';
import { Reaction } from '../../src/platform/reactions/reaction.decorator';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';

/** The book that nobody survives who looks at it, unless he wears glasses. */
export const POISON = 'The Necronomicon';

/** The glasses: a file in the folder of the shop. */
export const GLASSES = 'glasses';

function look({ title }: BookAdded): void {
  if (title === POISON && !existsSync(GLASSES)) process.kill(process.pid, 'SIGKILL');
}

@Reaction(BookAdded, 'test.read')
class ReadOnBookAdded {
  handle(event: BookAdded): void {
    look(event);
  }
}

const work = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt);

/** Looks at several books at the same time. */
@Reaction(BookAdded, 'test.call-out', { effects: 'external' })
class CallOutOnBookAdded {
  async handle(event: BookAdded): Promise<void> {
    look(event);
    await work(event.title, 'salt', 64, { N: 2 ** 15, maxmem: 2 ** 26 });
  }
}

/** Somebody who is always at work on something else when it happens: each book costs a good while of work. */
@Reaction(BookAdded, 'test.dawdle', { effects: 'external' })
class DawdleOnBookAdded {
  async handle({ title }: BookAdded): Promise<void> {
    if (title !== POISON) await work(title, 'salt', 64, { N: 2 ** 15, maxmem: 2 ** 26 });
  }
}

@ReadTable('test_title')
class TitleTable {
  @Key() title: string;
}

@Projection(BookAdded, 'test.titles', { tables: [TitleTable] })
class TitlesProjection {
  constructor(private readonly work: UnitOfWork) {}

  handle(event: BookAdded): void {
    look(event);
    this.work.put(TitleTable, { title: event.title });
  }
}

const VICTIMS = { read: ReadOnBookAdded, 'call-out': CallOutOnBookAdded, titles: TitlesProjection };

export const providers = [VICTIMS[process.env.VICTIM as keyof typeof VICTIMS], DawdleOnBookAdded];

import { cpSync } from 'node:fs';
import { uuidv7 } from 'uuidv7';
import { BookAdded, BookRepriced } from '../../src/catalog/catalog.events';
import { Reaction } from '../../src/platform/reactions/reaction.decorator';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { Bookshelf } from '../support/bookshelf';
import { ROW_NUMBER } from '../support/database';
import { Client } from '../support/client';
import { DoHandler } from '../support/handlers';
import { keepNotes, noted, NoteTable } from '../support/notes';
import { newFolder, removeFolder } from '../support/shop-process';

const TITLES = Array.from({ length: 6 }, (_, number) => `Volume ${number}`);

/** Resolves when the last title is at hand, and what `release` is called for. */
let atTheLast: () => void;
let released: Promise<void> | undefined;

/** Notes each title, without any key that would refuse a second time, and raises an event that it listens to itself. */
@Reaction([BookAdded, BookRepriced], 'test.echo')
class EchoOnBookAdded {
  constructor(private readonly work: UnitOfWork) {}

  async handle(event: BookAdded | BookRepriced): Promise<void> {
    if (event instanceof BookRepriced) return;
    const { bookId, title, price } = event;
    this.work.put(NoteTable, { id: uuidv7(), text: `${title} ${uuidv7()}` });
    this.work.publishLoose(new BookRepriced({ bookId, price, formerPrice: price }));
    if (title !== TITLES.at(-1)) return;
    atTheLast();
    await released;
  }
}

describe('An event that has killed the process is tried alone', () => {
  const folders: string[] = [];
  const providers = [DoHandler, EchoOnBookAdded];

  function folder(): string {
    folders.push(newFolder());
    return folders.at(-1)!;
  }
  afterEach(() => folders.splice(0).forEach(removeFolder));

  /** What is on the disk when the process dies while the last title is at hand. */
  async function death(home: string): Promise<string> {
    let release: () => void = () => undefined;
    released = new Promise((resolve) => (release = resolve));
    const reached = new Promise<void>((resolve) => (atTheLast = resolve));
    const opening = Bookshelf.start({ folder: home, providers });
    await reached;
    const left = folder();
    cpSync(home, left, { recursive: true });
    release();
    await (await opening).stop();
    return left;
  }

  it('with everything before it, none of which is handled twice though it wakes the reaction again', async () => {
    const home = folder();
    const first = await Bookshelf.start({ folder: home, providers });
    await keepNotes(first);
    await first.stop();
    const idle = await Bookshelf.start({ folder: home, providers, environment: { REACTIONS: 'off' } });
    for (const title of TITLES) await new Client(idle).addBook({ title });
    await idle.stop();

    const batches = await batchesAfterDeaths(home);
    // One by one up to the one that is suspected, and each begins where the one before has ended.
    expect(batches.slice(0, TITLES.length).every(({ from, to }) => from === to)).toBe(true);
    expect(batches.every(({ from }, at) => at === 0 || from > batches[at - 1].to)).toBe(true);
  });

  it('with everything before it, where it is the history of a reaction that was added later', async () => {
    const home = folder();
    const first = await Bookshelf.start({ folder: home, providers: [DoHandler] });
    await keepNotes(first);
    for (const title of TITLES) await new Client(first).addBook({ title });
    await first.stop();
    await (await Bookshelf.start({ folder: home, providers })).stop();
    const idle = await Bookshelf.start({ folder: home, providers, environment: { REACTIONS: 'off' } });
    await idle.http().post('/reactions/test.echo/backfill').expect(202);
    await idle.stop();

    const batches = await batchesAfterDeaths(home);
    expect(batches.slice(0, TITLES.length).every(({ from, to }) => from === to)).toBe(true);
  });

  /** What has been handled with what, after the process has died three times of the last title: everything, and once. */
  async function batchesAfterDeaths(home: string): Promise<{ from: number; to: number }[]> {
    for (let deaths = 0; deaths < 3; deaths++) home = await death(home);

    released = undefined;
    const shop = await Bookshelf.start({ folder: home, providers });
    await shop.settle();
    const titles = (await noted(shop)).map((text) => text.slice(0, TITLES[0].length));
    const batches = await shop.rows<{ from: number; to: number }>(
      `SELECT from_position AS "from", to_position AS "to" FROM reaction_batch WHERE reaction = 'test.echo' ORDER BY ${ROW_NUMBER}`,
    );
    await shop.stop();
    expect(titles).toEqual(TITLES);
    return batches;
  }
});

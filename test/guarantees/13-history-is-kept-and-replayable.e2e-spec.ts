import { Type } from '@nestjs/common';
import { IEventHandler } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { Database } from '../../src/platform/database/database';
import { ReadDatabase } from '../../src/platform/database/read-database';
import { TableClass } from '../../src/platform/database/tables';
import { envelopeOf } from '../../src/platform/event-log/envelope';
import { PlatformModule } from '../../src/platform/platform.module';
import { Column, IndexOn, Key, OptionalColumn, Projection, ReadTable } from '../../src/platform/projections/projection';
import { retiresReactions } from '../../src/platform/reactions/discovery';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Reactions } from '../../src/platform/reactions/reactions.service';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { ReactionTable } from '../../src/platform/reactions/reaction.tables';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { isOnPostgres, itOnSqlite } from '../support/database';
import { caughtUp, context, deadLettersOf, raise, reaction, statusOf } from '../support/trade';

/** Somebody has read so many pages of a book. */
class PagesRead {
  static readonly type = 'club.pages-read';
  readonly book: string;
  readonly pages: number;

  constructor(facts: PagesRead) {
    Object.assign(this, facts);
  }
}

const read = (book: string, pages: number) => new PagesRead({ book, pages });

class BookFinished {
  static readonly type = 'club.book-finished';
  constructor(readonly book: string) {}
}

@ReadTable('club_progress')
@IndexOn('club_progress_pages', 'pages')
class ProgressTable {
  @Key() book: string;
  @Column() pages: number;
  @Column() finished: boolean;
}

/** The same table in a later program. */
@ReadTable('club_progress')
class ProgressWithReaderTable {
  @Key() book: string;
  @Column() pages: number;
  @Column() finished: boolean;
  @OptionalColumn() reader?: string;
}

const NAME = 'club.progress';

/** What a test adds to the handling of an event. */
type Before = (event: PagesRead | BookFinished, position: number) => void;

/** Adds pages up, so that an event which is counted twice, or not at all, shows. */
function progress(before: Before = () => undefined, table: TableClass<ProgressTable> = ProgressTable, bonus = 0): Type {
  @Projection([PagesRead, BookFinished], NAME, { tables: [table] })
  class ProgressProjection implements IEventHandler<PagesRead | BookFinished> {
    constructor(private readonly work: UnitOfWork) {}

    async handle(event: PagesRead | BookFinished): Promise<void> {
      before(event, envelopeOf(event).position);
      const row = (await this.work.find(table, event.book)) ?? { book: event.book, pages: bonus, finished: false };
      if (event instanceof BookFinished) this.work.put(table, { ...row, finished: true });
      else this.work.put(table, { ...row, pages: row.pages + event.pages });
    }
  }
  Reflect.defineMetadata('design:paramtypes', [UnitOfWork], ProgressProjection);
  return ProgressProjection;
}

/** More than fits into one batch of a rebuild. */
const evenings = (count: number, book = 'Ulysses') => Array.from({ length: count }, () => read(book, 1));

describe('History is kept and replayable', () => {
  let shop: Bookshelf;
  let clock: ManualClock;

  async function open(provider: Type | ReturnType<typeof retiresReactions>, folder?: string) {
    const modules = [PlatformModule, context('ClubModule', { PagesRead, BookFinished }, [provider])];
    shop = await Bookshelf.start({ modules, clock, folder });
  }

  async function reopen(provider: Parameters<typeof open>[0]) {
    await shop.stop();
    await open(provider, shop.folder);
  }

  const pages = async () =>
    Object.fromEntries(
      (await shop.rows<{ book: string; pages: number }>('SELECT book, pages FROM club_progress')).map((row) => [
        row.book,
        row.pages,
      ]),
    );

  const rebuild = () => shop.http().post(`/reactions/${NAME}/rebuild`).expect(202);

  /** The tables and indexes of a projection, and of nothing else. */
  const relations = async (prefix: string): Promise<string[]> => {
    const found = await shop.rows<{ name: string }>(shop.get(ReadDatabase).dialect.relations);
    return found
      .map(({ name }) => name)
      .filter((name) => name.startsWith(prefix))
      .sort();
  };

  const rebuilt = () => shop.until('it is built anew', async () => (await statusOf(shop, NAME)).state !== 'rebuilding');

  beforeEach(() => {
    clock = new ManualClock();
  });

  afterEach(() => shop.close());

  describe('the log', () => {
    it.each([
      ['changed', "UPDATE event_log SET actor = 'somebody else'"],
      ['removed', 'DELETE FROM event_log WHERE position = 1'],
      [
        'replaced',
        isOnPostgres()
          ? `INSERT INTO event_log SELECT * FROM event_log WHERE position = 1
             ON CONFLICT (position) DO UPDATE SET actor = 'somebody else'`
          : `REPLACE INTO event_log SELECT position, id, type, version, stream, stream_version, occurred_at, correlation_id,
         causation_id, raised_by, 'somebody else', traceparent, facts FROM event_log WHERE position = 1`,
      ],
    ])('lets no entry be %s, not even by the program itself', async (_, statement) => {
      await open(progress());
      await raise(shop, read('Emma', 10), read('Emma', 20));
      const before = await shop.http().get('/events').expect(200);
      await expect(shop.work.run('a mistake', () => shop.get(DataSource).query(statement))).rejects.toThrow(
        'the event log is never rewritten',
      );
      expect((await shop.http().get('/events').expect(200)).body).toEqual(before.body);
    });
  });

  describe('a new reaction', () => {
    const heard: number[] = [];
    const hear = (from?: 'beginning') =>
      reaction(PagesRead, 'club.applaud', ({ pages }) => heard.push(pages), from && { from });

    beforeEach(() => heard.splice(0));

    it('starts at now', async () => {
      await open(retiresReactions());
      await raise(shop, read('Emma', 10));
      await reopen(hear());
      await raise(shop, read('Emma', 20));
      await shop.settle();
      expect(heard).toEqual([20]);
    });

    it('starts at the beginning where it says so, once', async () => {
      await open(retiresReactions());
      await raise(shop, read('Emma', 10));
      await reopen(hear('beginning'));
      await raise(shop, read('Emma', 20));
      await shop.settle();
      await reopen(hear('beginning'));
      await shop.settle();
      expect(heard).toEqual([10, 20]);
    });

    it('goes on where it was, when it was away for a while', async () => {
      await open(hear());
      await raise(shop, read('Emma', 10));
      await shop.settle();
      await reopen(retiresReactions('club.applaud'));
      await raise(shop, read('Emma', 20));
      await reopen(hear());
      await shop.settle();
      expect(heard).toEqual([10, 20]);
    });
  });

  it('lets a new projection begin with the first event', async () => {
    await open(retiresReactions());
    await raise(shop, read('Emma', 10), ...evenings(250));
    await reopen(progress());
    await shop.settle();
    expect(await pages()).toEqual({ Emma: 10, Ulysses: 250 });
  });

  describe('a rebuild', () => {
    /** Resolves when the event at this position is handled for the second time: by the rebuild. */
    function secondTime(position: number) {
      let tell: () => void = () => undefined;
      const told = new Promise<void>((resolve) => (tell = resolve));
      let times = 0;
      const before: Before = (_, at) => {
        if (at === position && ++times === 2) tell();
      };
      return { told, before };
    }

    it('makes the same tables from the same events', async () => {
      await open(progress());
      await raise(shop, read('Emma', 10), ...evenings(700), new BookFinished('Emma'));
      await shop.settle();
      const before = await shop.rows('SELECT * FROM club_progress ORDER BY book');
      const indexes = () => relations('club');
      const shape = await indexes();
      for (let time = 0; time < 2; time++) {
        await rebuild();
        await rebuilt();
        expect(await shop.rows('SELECT * FROM club_progress ORDER BY book')).toEqual(before);
        expect(await indexes()).toEqual(shape);
      }
      await raise(shop, read('Emma', 5));
      await shop.settle();
      expect(await pages()).toEqual({ Emma: 15, Ulysses: 700 });
    });

    it('is made with today’s program', async () => {
      await open(progress());
      await raise(shop, read('Emma', 10));
      await shop.settle();
      await reopen(progress(undefined, ProgressTable, 1_000));
      await shop.settle();
      expect(await pages()).toEqual({ Emma: 10 });
      await rebuild();
      await rebuilt();
      expect(await pages()).toEqual({ Emma: 1_010 });
    });

    it('is done by one of two programs that are asked for it, and another that starts meanwhile leaves it alone', async () => {
      await open(progress());
      await raise(shop, ...evenings(2_500));
      await shop.settle();
      const beside: Bookshelf[] = [];
      const openBeside = async () => {
        const modules = [PlatformModule, context('ClubModule', { PagesRead, BookFinished }, [progress()])];
        beside.push(await Bookshelf.start({ modules, clock, folder: shop.folder }));
      };
      try {
        await openBeside();
        const both = [shop, ...beside].map(async (one) => (await one.get(Reactions).rebuild(NAME)).done);
        await openBeside();
        await Promise.all(both);
        await Promise.all(beside.map((one) => one.settle()));
        expect(await pages()).toEqual({ Ulysses: 2_500 });
        expect((await statusOf(shop, NAME)).state).toBe('idle');
      } finally {
        await Promise.all(beside.map((one) => one.stop()));
      }
    });

    itOnSqlite('that a full disk interrupts goes on by itself when there is room again', async () => {
      await open(progress());
      await raise(shop, ...evenings(1_500));
      await shop.settle();
      const { writer } = shop.get(Database);
      const [{ page_count: full }] = await writer.all<{ page_count: number }>('PRAGMA page_count');
      await writer.exec(`PRAGMA max_page_count = ${full}`);
      await rebuild();
      await shop.until('it waits', () => Promise.resolve(clock.waits > 1));
      expect((await statusOf(shop, NAME)).state).toBe('rebuilding');
      await writer.exec('PRAGMA max_page_count = 1000000');
      clock.advance(500);
      await rebuilt();
      expect((await statusOf(shop, NAME)).state).toBe('idle');
      expect(await pages()).toEqual({ Ulysses: 1_500 });
    });

    it('is seen by no reader before it is complete', async () => {
      const seen: Promise<Record<string, number>>[] = [];
      let watching = false;
      const watch: Before = (_, position) => {
        if (watching && position % 50 === 0) seen.push(pages());
      };
      await open(progress(watch));
      await raise(shop, read('Emma', 10), ...evenings(1_200));
      await shop.settle();
      watching = true;
      await rebuild();
      await rebuilt();
      expect(seen.length).toBeGreaterThan(20);
      expect(new Set((await Promise.all(seen)).map((one) => JSON.stringify(one)))).toEqual(
        new Set([JSON.stringify({ Emma: 10, Ulysses: 1_200 })]),
      );
    });

    it('holds up no command, and misses nothing that is raised meanwhile', async () => {
      const { told, before } = secondTime(2);
      await open(progress(before));
      await raise(shop, ...evenings(2_000));
      await shop.settle();
      await rebuild();
      await told;
      const commands = Array.from({ length: 50 }, () => raise(shop, read('Emma', 1), read('Ulysses', 1)));
      await commands[0];
      expect((await statusOf(shop, NAME)).state).toBe('rebuilding');
      await Promise.all(commands);
      await shop.settle();
      expect(await pages()).toEqual({ Emma: 50, Ulysses: 2_050 });
    });

    it('leaves the old tables as they are when it fails, and they go on', async () => {
      let broken = false;
      const breaking: Before = (_, position) => {
        if (broken && position === 600) throw new Error('page 600 is missing');
      };
      await open(progress(breaking));
      await raise(shop, ...evenings(700));
      await shop.settle();
      broken = true;
      await rebuild();
      await rebuilt();
      expect(await pages()).toEqual({ Ulysses: 700 });
      await raise(shop, read('Emma', 10));
      await shop.settle();
      expect(await pages()).toEqual({ Emma: 10, Ulysses: 700 });

      broken = false;
      await rebuild();
      await rebuilt();
      expect(await pages()).toEqual({ Emma: 10, Ulysses: 700 });
    });

    it('goes on after the shop was closed in the middle of it', async () => {
      const { told, before } = secondTime(2);
      await open(progress(before));
      await raise(shop, ...evenings(1_200));
      await shop.settle();
      await rebuild();
      await told;
      await shop.stop();
      await open(progress(undefined, ProgressTable, 1_000), shop.folder);
      await shop.settle();
      expect(await pages()).toEqual({ Ulysses: 2_200 });
      expect((await relations('')).filter((name) => name.includes('__next'))).toEqual([]);
    });

    it('that a process of another machine has begun is left to it for as long as its lease lasts', async () => {
      await open(progress());
      await raise(shop, ...evenings(3));
      await shop.settle();
      await shop.work.run('a process elsewhere', async () => {
        const state = (await shop.work.find(ReactionTable, NAME))!;
        const heldUntil = clock.now().getTime() + 1_000;
        shop.work.put(ReactionTable, { ...state, rebuilding: true, holder: 'elsewhere/1/1', heldUntil });
      });
      await rebuild();
      expect((await statusOf(shop, NAME)).state).toBe('rebuilding');
      await reopen(progress(undefined, ProgressTable, 1_000));
      expect((await statusOf(shop, NAME)).state).toBe('rebuilding');
      expect(await pages()).toEqual({ Ulysses: 3 });

      clock.advance(1_001);
      await rebuild();
      await rebuilt();
      expect(await pages()).toEqual({ Ulysses: 1_003 });
    });

    it('asked for twice is one, and asked for what is no projection is refused', async () => {
      const { told, before } = secondTime(2);
      const applaud = reaction(PagesRead, 'club.applaud', () => undefined);
      const modules = [PlatformModule, context('ClubModule', { PagesRead, BookFinished }, [progress(before), applaud])];
      shop = await Bookshelf.start({ modules });
      await raise(shop, ...evenings(1_200));
      await shop.settle();
      await rebuild();
      await told;
      await rebuild();
      await rebuilt();
      expect(await pages()).toEqual({ Ulysses: 1_200 });
      const { body } = await shop.http().post('/reactions/club.applaud/rebuild').expect(409);
      expect(body.code).toBe('not-a-projection');
      await shop.http().post('/reactions/club.boo/rebuild').expect(404);
    });

    describe('beside events that wait', () => {
      let failing: (event: PagesRead) => Error | undefined;
      const fail: Before = (event) => {
        const error = event instanceof PagesRead && failing(event);
        if (error) throw error;
      };
      const both =
        (...all: Before[]): Before =>
        (...event) =>
          all.forEach((one) => one(...event));

      it('counts one that is retried with success while it is on its way', async () => {
        const { told, before } = secondTime(3);
        failing = ({ book }) => (book === 'Emma' ? new Error('who is Emma?') : undefined);
        await open(progress(both(before, fail)));
        await raise(shop, read('Emma', 10));
        await caughtUp(shop, NAME);
        await raise(shop, ...Array.from({ length: 3_000 }, () => new BookFinished('Ulysses')));
        await caughtUp(shop, NAME);
        await rebuild();
        await told;
        failing = () => undefined;
        clock.advance(1_000);
        await shop.settle();
        expect(await pages()).toEqual({ Emma: 10, Ulysses: 0 });
      });

      it('counts one only once that fails while it is on its way', async () => {
        const { told, before } = secondTime(3);
        failing = () => undefined;
        await open(progress(both(before, fail)));
        await raise(shop, ...Array.from({ length: 2_000 }, () => new BookFinished('Ulysses')));
        await shop.settle();
        await rebuild();
        await told;
        let times = 0;
        failing = () => (++times === 1 ? new Error('who is Emma?') : undefined);
        await raise(shop, read('Emma', 10));
        await rebuilt();
        await caughtUp(shop, NAME);
        clock.advance(1_000);
        await shop.settle();
        expect(await pages()).toEqual({ Emma: 10, Ulysses: 0 });
      });

      it('keeps those parked that wait behind a dead letter', async () => {
        const { told, before } = secondTime(3);
        failing = ({ book }) => (book === 'Emma' ? new Unrecoverable('who is Emma?') : undefined);
        await open(progress(both(before, fail)));
        await raise(shop, read('Emma', 10), read('Dubliners', 20));
        await raise(shop, ...Array.from({ length: 2_000 }, () => new BookFinished('Ulysses')));
        await caughtUp(shop, NAME);
        await rebuild();
        await told;
        await raise(shop, read('Dubliners', 30));
        await rebuilt();
        await caughtUp(shop, NAME);
        expect(await pages()).toEqual({ Ulysses: 0 });

        failing = () => undefined;
        const [{ position }] = await deadLettersOf(shop, NAME);
        await shop
          .http()
          .post(`/reactions/${NAME}/dead-letters/retry`)
          .send({ letters: [{ position }] })
          .expect(202);
        await shop.settle();
        expect(await pages()).toEqual({ Emma: 10, Dubliners: 50, Ulysses: 0 });
      });
    });
  });

  it('builds tables anew at the start when their shape has changed', async () => {
    await open(progress());
    await raise(shop, read('Emma', 10), ...evenings(600));
    await shop.settle();
    await reopen(progress(undefined, ProgressWithReaderTable, 1_000));
    await shop.settle();
    expect(await shop.rows("SELECT * FROM club_progress WHERE book = 'Emma'")).toEqual([
      { book: 'Emma', pages: 1_010, finished: 0, reader: null },
    ]);
    expect(await pages()).toEqual({ Emma: 1_010, Ulysses: 1_600 });
    expect((await statusOf(shop, NAME)).state).toBe('idle');

    await reopen(progress(undefined, ProgressWithReaderTable, 9_000));
    await shop.settle();
    expect(await pages()).toEqual({ Emma: 1_010, Ulysses: 1_600 });
  });
});

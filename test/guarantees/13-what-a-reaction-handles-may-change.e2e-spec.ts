import { Type } from '@nestjs/common';
import { EventClass } from '../../src/platform/event-log/event-types';
import { EventLog } from '../../src/platform/event-log/event-log';
import { effectOnce } from '../../src/platform/invariants/invariant';
import { PlatformModule } from '../../src/platform/platform.module';
import { Column, Key, Projection, ReadTable } from '../../src/platform/projections/projection';
import { retiresReactions } from '../../src/platform/reactions/discovery';
import { ReactionOptions } from '../../src/platform/reactions/reaction.decorator';
import { ReactionStatuses } from '../../src/platform/reactions/reaction-status';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Do, DoHandler } from '../support/handlers';
import { caughtUp, context, raise, reaction, statusOf } from '../support/trade';

interface Facts {
  readonly member: string;
}

class MemberJoined implements Facts {
  static readonly type = 'club.member-joined';
  constructor(readonly member: string) {}
}

class MemberLeft implements Facts {
  static readonly type = 'club.member-left';
  constructor(readonly member: string) {}
}

/** What `MemberLeft` is called in a later program. */
class MemberResigned implements Facts {
  static readonly type = 'club.member-resigned';
  static readonly formerly = ['club.member-left'];
  readonly member: string;
  constructor(facts: Facts) {
    Object.assign(this, facts);
  }
}

const NAME = 'club.write-down';

@ReadTable('club_roll')
class RollTable {
  @Key() member: string;
  @Column() events: number;
}

describe('What a reaction handles may change', () => {
  let shop: Bookshelf;
  let clock: ManualClock;
  let heard: string[];
  let failing: string | undefined;

  const away = retiresReactions(NAME);

  /** Writes down what it hears. */
  const writeDown = (types: EventClass<Facts>[], options: ReactionOptions = {}) =>
    reaction(
      types,
      NAME,
      (event) => {
        const { type } = event.constructor as unknown as EventClass;
        if (type === failing) throw new Error('out of ink');
        heard.push(`${event.member} ${type}`);
      },
      options,
    );

  async function open(provider: Type | typeof away, leaving: EventClass<Facts> = MemberLeft): Promise<void> {
    const folder = shop?.folder;
    await shop?.stop();
    const modules = [PlatformModule, context('ClubModule', { MemberJoined, leaving }, [DoHandler, provider])];
    shop = await Bookshelf.start({ modules, clock, folder });
  }

  /** Somebody comes and goes. */
  async function visit(member: string): Promise<void> {
    await raise(shop, new MemberJoined(member), new MemberLeft(member));
  }

  /** What became of each event, in the order of the log. */
  async function fates(): Promise<string[]> {
    const events = await shop.get(EventLog).browse({ limit: 100 });
    const found = await shop.get(ReactionStatuses).fates(events);
    return events.flatMap((event) => found.get(event)!.map(({ state }) => state));
  }

  beforeEach(() => {
    clock = new ManualClock();
    heard = [];
    failing = undefined;
  });

  afterEach(async () => {
    await shop.close();
    shop = undefined as never;
  });

  describe('a reaction that is taught another type', () => {
    const late: ReactionOptions[] = [{}, { effects: 'external' }];

    it.each(late)('handles it from now on, however far behind it is (%j)', async (options) => {
      await open(writeDown([MemberJoined], options));
      await visit('Ann');
      await shop.settle();
      await open(away);
      await visit('Bob');
      await open(writeDown([MemberJoined, MemberLeft], options));
      await visit('Cid');
      await shop.settle();
      expect(heard).toEqual([
        'Ann club.member-joined',
        'Bob club.member-joined',
        ...['Cid club.member-joined', 'Cid club.member-left'],
      ]);
      const before = 'raised-before-reaction';
      expect(await fates()).toEqual(['done', before, 'done', before, 'done', 'done']);
    });

    it('has nothing to do for what was raised before', async () => {
      await open(writeDown([MemberJoined]));
      await open(away);
      await raise(shop, new MemberJoined('Ann'), ...Array.from({ length: 5 }, () => new MemberLeft('Ann')));
      failing = MemberJoined.type;
      await open(writeDown([MemberJoined, MemberLeft]));
      await caughtUp(shop, NAME);
      expect(await statusOf(shop, NAME)).toMatchObject({ lag: 0, deferred: 1 });
      const passed = effectOnce(NAME, [MemberJoined.type, MemberLeft.type], 'false').sql;
      expect(await shop.rows(passed)).toEqual([]);
      await raise(shop, new MemberLeft('Bob'));
      await caughtUp(shop, NAME);
      expect(await shop.rows(passed)).toEqual([{ violation: expect.stringContaining('member-left at position 7') }]);
    });

    it('handles it from now on within the transaction, too', async () => {
      await open(writeDown([MemberJoined], { within: 'transaction' }));
      await visit('Ann');
      await open(writeDown([MemberJoined, MemberLeft], { within: 'transaction' }));
      await visit('Bob');
      expect(heard).toEqual(['Ann club.member-joined', 'Bob club.member-joined', 'Bob club.member-left']);
      expect(await fates()).toEqual(['done', 'raised-before-reaction', 'done', 'done']);
    });

    it('handles it from where it stands when it began at the beginning, in order', async () => {
      const from = { from: 'beginning' } as const;
      await open(writeDown([MemberJoined], from));
      await visit('Ann');
      await shop.settle();
      await open(away);
      await visit('Bob');
      await open(writeDown([MemberJoined, MemberLeft], from));
      await shop.settle();
      expect(heard).toEqual(['Ann club.member-joined', 'Bob club.member-joined', 'Bob club.member-left']);
    });

    it('does not mind whether it is taught once or opened again and again', async () => {
      await open(writeDown([MemberJoined]));
      for (const member of ['Ann', 'Bob']) {
        await open(away);
        await visit(member);
        await open(writeDown([MemberJoined, MemberLeft]));
        await shop.settle();
      }
      expect(heard).toEqual(['Ann club.member-joined', 'Bob club.member-joined', 'Bob club.member-left']);
    });

    it('has not been taught anything where an event has got another name', async () => {
      await open(writeDown([MemberJoined, MemberLeft]));
      await open(away);
      await visit('Ann');
      await open(writeDown([MemberJoined, MemberResigned]), MemberResigned);
      await raise(shop, new MemberResigned({ member: 'Bob' }));
      await shop.settle();
      expect(heard).toEqual(['Ann club.member-joined', 'Ann club.member-resigned', 'Bob club.member-resigned']);
    });

    it('has not been taught anything where an older program has not stored what it handles', async () => {
      await open(writeDown([MemberJoined, MemberLeft]));
      await shop.send(new Do(async () => void (await shop.work.query('UPDATE reaction SET types = NULL'))));
      await open(away);
      await visit('Ann');
      await open(writeDown([MemberJoined, MemberLeft]));
      await shop.settle();
      expect(heard).toEqual(['Ann club.member-joined', 'Ann club.member-left']);
    });
  });

  it('a reaction that forgets a type no longer handles it, but for what has failed, and may be taught it again', async () => {
    await open(writeDown([MemberJoined, MemberLeft], { onFailure: 'overtake' }));
    failing = MemberLeft.type;
    await visit('Ann');
    await caughtUp(shop, NAME);
    failing = undefined;
    await open(writeDown([MemberJoined], { onFailure: 'overtake' }));
    await visit('Bob');
    await caughtUp(shop, NAME);
    clock.advance(1_000);
    await shop.settle();
    expect(heard).toEqual(['Ann club.member-joined', 'Bob club.member-joined', 'Ann club.member-left']);

    await open(writeDown([MemberJoined, MemberLeft], { onFailure: 'overtake' }));
    await raise(shop, new MemberLeft('Cid'));
    await shop.settle();
    expect(heard.slice(3)).toEqual(['Cid club.member-left']);
  });

  describe('a projection', () => {
    let seen: Promise<unknown>[];

    /** Counts the events of each member, and looks at what readers see of that meanwhile. */
    function roll(types: EventClass<Facts>[], bonus = 0): Type {
      class RollProjection {
        constructor(private readonly work: UnitOfWork) {}

        async handle(event: Facts): Promise<void> {
          if ((event.constructor as unknown as EventClass).type === failing) throw new Error('out of ink');
          const now = counted();
          seen.push(now);
          await now;
          const row = (await this.work.find(RollTable, event.member)) ?? { member: event.member, events: bonus };
          this.work.put(RollTable, { ...row, events: row.events + 1 });
        }
      }
      Reflect.defineMetadata('design:paramtypes', [UnitOfWork], RollProjection);
      Projection(types, 'club.roll', { tables: [RollTable] })(RollProjection);
      return RollProjection;
    }

    const counted = async () =>
      Object.fromEntries(
        (await shop.rows<RollTable>('SELECT * FROM club_roll')).map(({ member, events }) => [member, events]),
      );

    beforeEach(async () => {
      seen = [];
      await open(roll([MemberJoined]));
      await visit('Ann');
      await visit('Bob');
      await shop.settle();
      seen = [];
    });

    it('is built anew when it is taught another type, and what was there is read meanwhile', async () => {
      await open(roll([MemberJoined, MemberLeft]));
      await shop.settle();
      expect(await counted()).toEqual({ Ann: 2, Bob: 2 });
      expect(await Promise.all(seen)).toEqual(Array.from({ length: 4 }, () => ({ Ann: 1, Bob: 1 })));
      expect(await fates()).toEqual(['done', 'done', 'done', 'done']);
      await open(roll([MemberJoined, MemberLeft], 10));
      await shop.settle();
      expect(await counted()).toEqual({ Ann: 2, Bob: 2 });
    });

    it('is built anew when it forgets a type', async () => {
      await open(roll([MemberJoined, MemberLeft]));
      await shop.settle();
      await open(roll([MemberLeft], 10));
      await shop.settle();
      expect(await counted()).toEqual({ Ann: 11, Bob: 11 });
    });

    it('is built anew at the next start where that has failed', async () => {
      failing = MemberLeft.type;
      await open(roll([MemberJoined, MemberLeft]));
      await shop.settle();
      expect(await counted()).toEqual({ Ann: 1, Bob: 1 });
      failing = undefined;
      await open(roll([MemberJoined, MemberLeft]));
      await shop.settle();
      expect(await counted()).toEqual({ Ann: 2, Bob: 2 });
    });

    it('is left alone when an event has got another name', async () => {
      await open(roll([MemberJoined, MemberLeft]));
      await shop.settle();
      await open(roll([MemberJoined, MemberResigned], 10), MemberResigned);
      await shop.settle();
      expect(await counted()).toEqual({ Ann: 2, Bob: 2 });
    });
  });
});

import { Provider, Type } from '@nestjs/common';
import { OrderTable } from '../../src/orders/persistence/order.table';
import { TableClass } from '../../src/platform/database/tables';
import { PlatformModule } from '../../src/platform/platform.module';
import { Column, Key, Projection, ReadTable } from '../../src/platform/projections/projection';
import { retiresReactions } from '../../src/platform/reactions/discovery';
import { ReactionOptions } from '../../src/platform/reactions/reaction.decorator';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { Bookshelf } from '../support/bookshelf';
import { newFolder, removeFolder } from '../support/shop-process';
import { keepNotes, NoteTable } from '../support/notes';
import { Do, DoHandler } from '../support/handlers';
import { context, raise } from '../support/trade';

class MemberJoined {
  static readonly type = 'club.member-joined';
  constructor(readonly member: string) {}
}

interface Row {
  member: string;
}

/** A table of members that is called so. */
function table(name: string): TableClass<Row> {
  @ReadTable(name)
  class MembersTable {
    @Key() member: string;
  }
  return MembersTable;
}

@ReadTable('club_member')
class MemberTable {
  @Key() member: string;
}

/** The same in a later program. */
@ReadTable('club_member')
class MemberWithRankTable {
  @Key() member: string;
  @Column() rank: number;
}

const TABLES = Object.fromEntries(
  [
    ...['event_log', 'Event_Log', 'orders_order', 'club_Member', 'club-member', 'club_member__next', 'members'],
    ...['club_guest', 'book_club_member', 'society_member'],
  ].map((name) => [name, table(name)]),
);

/** Writes down who joins. */
function projection(
  name: string,
  tables: readonly TableClass[],
  options: Pick<ReactionOptions, 'formerly'> = {},
): Type {
  class Members {
    constructor(private readonly work: UnitOfWork) {}

    handle({ member }: MemberJoined): void {
      for (const one of tables) this.work.put(one, { member, rank: 1 });
    }
  }
  Reflect.defineMetadata('design:paramtypes', [UnitOfWork], Members);
  Projection(MemberJoined, name, { tables, ...options })(Members);
  return Members;
}

describe('A projection may only make tables that are its own', () => {
  let shop: Bookshelf | undefined;
  let folder = '';

  async function open(...providers: Provider[]): Promise<Bookshelf> {
    await shop?.stop();
    shop = undefined;
    const club = context('ClubModule', { MemberJoined }, [DoHandler, ...providers]);
    shop = await Bookshelf.start({ modules: [PlatformModule, club], folder });
    return shop;
  }

  const refused = (...providers: Provider[]) => expect(open(...providers).then(() => 'the shop has started')).rejects;

  const members = async (of = 'club_member') =>
    (await shop!.rows<Row>(`SELECT member FROM ${of} ORDER BY member`)).map(({ member }) => member);

  /** A table that somebody has made who is no part of the program. */
  const makeTable = (name: string) =>
    shop!.send(
      new Do(async () => {
        await shop!.work.query(`CREATE TABLE ${name} (member text PRIMARY KEY NOT NULL)`);
        await shop!.work.query(`INSERT INTO ${name} VALUES ('Zoe')`);
      }),
    );

  beforeEach(() => {
    folder = newFolder();
  });

  afterEach(async () => {
    await shop?.stop();
    shop = undefined;
    removeFolder(folder);
  });

  it.each([
    ['event.count', 'event_log', "has the table 'event_log', but 'event_log' is no projection's"],
    ['orders.list', 'orders_order', "has the table 'orders_order', but 'orders_order' is no projection's"],
    ['event.count', 'Event_Log', 'in snake case'],
    ['club.list', 'members', "has the table 'members': call it 'club_...', in snake case"],
    ['club.list', 'club_Member', 'in snake case'],
    ['club.list', 'club-member', 'in snake case'],
    ['club.list', 'club_member__next', 'in snake case'],
    ['club.list', 'book_club_member', "call it 'club_...'"],
    ['club.list', 'society_member', "call it 'club_...'"],
  ])('does not start with %s on the table %s', async (name, of, complaint) => {
    await raise(await open(), new MemberJoined('Ann'));
    await refused(projection(name, [TABLES[of]])).toThrow(complaint);
    await open();
    expect(await shop!.rows('SELECT type FROM event_log')).toEqual([{ type: 'club.member-joined' }]);
  });

  it('does not start with a projection on the table of a model', async () => {
    await refused(projection('orders.list', [OrderTable])).toThrow(
      'Members (orders.list) has OrderTable among its tables, which is no @ReadTable',
    );
    await keepNotes(await open());
    await refused(projection('note.list', [NoteTable])).toThrow('which is no @ReadTable');
  });

  it('does not start with two projections on one table', async () => {
    await refused(projection('club.list', [MemberTable]), projection('club.count', [MemberTable])).toThrow(
      "Members (club.count) and Members (club.list) both have the table 'club_member': give each a table of its own",
    );
  });

  it('takes the name of its context with underscores', async () => {
    await raise(await open(projection('book-club.list', [TABLES.book_club_member])), new MemberJoined('Ann'));
    await shop!.settle();
    expect(await members('book_club_member')).toEqual(['Ann']);
  });

  it('leaves a table alone that nobody of the program has made', async () => {
    await open();
    await makeTable('club_member');
    await makeTable('club_guest__next');
    await refused(projection('club.list', [MemberTable])).toThrow(
      "but 'club_member' is in the database: no projection has made it, so call it something else",
    );
    await refused(projection('club.list', [TABLES.club_guest])).toThrow("but 'club_guest__next' is in the database");
    await open();
    expect(await members()).toEqual(['Zoe']);
    expect(await members('club_guest__next')).toEqual(['Zoe']);
  });

  it('leaves such a table alone when it has made others itself', async () => {
    await raise(await open(projection('club.list', [MemberTable])), new MemberJoined('Ann'));
    await shop!.settle();
    await makeTable('club_guest');
    await refused(projection('club.list', [TABLES.club_guest])).toThrow("but 'club_guest' is in the database");
    await open(projection('club.list', [MemberTable]));
    expect(await members()).toEqual(['Ann']);
    expect(await members('club_guest')).toEqual(['Zoe']);
  });

  it('makes its own table again when its shape changes, and when it returns to it', async () => {
    await raise(await open(projection('club.list', [MemberTable])), new MemberJoined('Ann'));
    await shop!.settle();
    for (const tables of [[MemberWithRankTable], [TABLES.club_guest], [MemberTable]]) {
      await open(projection('club.list', tables));
      await shop!.settle();
      expect(await members(tables[0] === TABLES.club_guest ? 'club_guest' : undefined)).toEqual(['Ann']);
    }
  });

  it('passes its tables on to the one that was called so formerly, and to nobody else', async () => {
    await raise(await open(projection('club.list', [MemberTable])), new MemberJoined('Ann'));
    await shop!.settle();
    await refused(projection('club.roll', [MemberTable]), retiresReactions('club.list')).toThrow(
      "but 'club_member' is in the database: club.list has made it, so declare that in `formerly` if this one replaces it; otherwise call it something else",
    );
    await open(projection('club.roll', [MemberTable], { formerly: ['club.list'] }));
    expect(await members()).toEqual(['Ann']);
    await raise(shop!, new MemberJoined('Bob'));
    await shop!.settle();
    await open(projection('society.roll', [MemberWithRankTable], { formerly: ['club.list', 'club.roll'] }));
    await shop!.settle();
    expect(await members()).toEqual(['Ann', 'Bob']);
  });

  it('knows the tables of an older program, which has not stored their names', async () => {
    await raise(await open(projection('club.list', [MemberTable])), new MemberJoined('Ann'));
    await shop!.settle();
    await shop!.send(new Do(async () => void (await shop!.work.query('UPDATE reaction SET tables = NULL'))));
    await open(projection('club.list', [MemberWithRankTable]));
    await shop!.settle();
    expect(await members()).toEqual(['Ann']);
    await makeTable('club_guest');
    await refused(projection('club.list', [TABLES.club_guest])).toThrow("but 'club_guest' is in the database");
  });
});

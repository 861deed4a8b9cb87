import { DynamicModule, Injectable, Provider, Scope, Type } from '@nestjs/common';
import { CommandHandler, EventsHandler, ICommandHandler, IEventHandler, Saga } from '@nestjs/cqrs';
import { EMPTY } from 'rxjs';
import { publishes } from '../../src/platform/event-log/event-types';
import { PlatformModule } from '../../src/platform/platform.module';
import { retiresReactions } from '../../src/platform/reactions/discovery';
import { Reaction, ReactionOptions, Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { newFolder, removeFolder } from '../support/shop-process';
import { caughtUp, context, deadLettersOf, raise, reaction, statusOf } from '../support/trade';

class MemberJoined {
  static readonly type: string = 'club.member-joined';
  constructor(readonly member: string) {}
}

class MemberLeft {
  static readonly type = 'club.member-left';
  constructor(readonly member: string) {}
}

const club = (
  providers: Provider[],
  events: Record<string, unknown> = { MemberJoined, MemberLeft },
  retired: string[] = [],
) => context('ClubModule', events, providers, { retired });

describe('Names outlive refactoring', () => {
  let shop: Bookshelf | undefined;
  let folder: string;
  let clock: ManualClock;

  async function open(...modules: DynamicModule[]): Promise<Bookshelf> {
    await shop?.stop();
    shop = undefined;
    shop = await Bookshelf.start({ modules: [PlatformModule, ...modules], clock, folder });
    return shop;
  }

  const refused = (...modules: DynamicModule[]) => expect(open(...modules).then(() => 'the shop has started')).rejects;

  beforeEach(() => {
    clock = new ManualClock();
    folder = newFolder();
  });

  afterEach(async () => {
    await shop?.stop();
    shop = undefined;
    removeFolder(folder);
  });

  describe('the shop does not start', () => {
    it('with two events of one stored name', async () => {
      class MemberEntered {
        static readonly type = 'club.member-joined';
      }
      await refused(club([], { MemberJoined, MemberEntered })).toThrow(
        "events MemberJoined and MemberEntered are both stored as 'club.member-joined'",
      );
    });

    it('with an event that is stored under another’s former name', async () => {
      class MemberEntered {
        static readonly type = 'club.member-entered';
        static readonly formerly = ['club.member-joined'];
      }
      await refused(club([], { MemberJoined }), context('DoorModule', { MemberEntered })).toThrow(
        "events MemberJoined and MemberEntered are both stored as 'club.member-joined'",
      );
    });

    it('with events whose stored names are missing or ill-formed, each of which it names', async () => {
      const types = [
        undefined,
        '',
        'MemberJoined',
        'club',
        'club.',
        '.joined',
        'club.memberJoined',
        'club.member joined',
        'a.b.c',
        7,
      ];
      const events = Object.fromEntries(
        types.map((type, at) => [
          `Event${at}`,
          {
            [`Event${at}`]: class {
              static readonly type = type;
            },
          }[`Event${at}`],
        ]),
      );
      const told = await open(club([], events)).catch((error: Error) => error.message);
      for (const [at, name] of Object.keys(events).entries()) {
        const what = types[at]
          ? `is stored as '${types[at]}', which is not like 'catalog.book-added'`
          : 'has no stored name';
        expect(told).toContain(`event ${name} ${what}: give it \`static readonly type = '<context>.<past-tense>'\``);
      }
    });

    it('with two reactions of one name', async () => {
      @Reaction(MemberJoined, 'club.greet')
      class GreetOnMemberJoined implements IEventHandler<MemberJoined> {
        handle() {}
      }
      @Reaction(MemberLeft, 'club.greet')
      class GreetOnMemberLeft implements IEventHandler<MemberLeft> {
        handle() {}
      }
      const complaint =
        "reactions GreetOnMemberJoined and GreetOnMemberLeft are both called 'club.greet', now or formerly: give one of them another name, or take it out of the providers";
      await refused(club([GreetOnMemberJoined, GreetOnMemberLeft])).toThrow(complaint);
      await refused(club([GreetOnMemberJoined]), context('DoorModule', {}, [GreetOnMemberLeft])).toThrow(complaint);
    });

    it('with a reaction that goes by another’s former name', async () => {
      const greet = reaction(MemberJoined, 'club.greet', () => undefined);
      const welcome = reaction(MemberJoined, 'club.welcome', () => undefined, { formerly: ['club.greet'] });
      await refused(club([greet, welcome])).toThrow("are both called 'club.greet'");
    });

    it('with reactions whose names are ill-formed, each of which it names', async () => {
      const names = ['', 'greet', 'Club.greet', 'club.Greet', 'club.greet.all', 'club greet'];
      const told = await open(club(names.map((name) => reaction(MemberJoined, name, () => undefined)))).catch(
        (error: Error) => error.message,
      );
      for (const name of names) {
        expect(told).toContain(`TestReaction: reaction '${name}' needs a name like 'inventory.open-stock'`);
      }
    });

    it.each<[ReactionOptions, string]>([
      [
        { within: 'transaction', effects: 'external' },
        "`within: 'transaction'` and `effects`: what talks to the outside",
      ],
      [{ within: 'transaction', retry: { attempts: 3 } }, "`within: 'transaction'` and `retry`: if it throws"],
      [{ within: 'transaction', onFailure: 'overtake' }, "`within: 'transaction'` and `onFailure`: if it throws"],
      [{ within: 'transaction', from: 'beginning' }, "`within: 'transaction'` and `from`: it only knows"],
      [{ within: 'transaction', batch: 1 }, "`within: 'transaction'` and `batch`: it is part of the transaction"],
      [{ effects: 'external', batch: 1 }, "`effects: 'external'` and `batch`: it has no transaction"],
      ...[0, -1, 1.5, NaN, Infinity].map((batch): [ReactionOptions, string] => [
        { batch },
        `has a batch of ${batch}: give it a whole number of events, 1 or more`,
      ]),
      ...[0, -1, 1.5, NaN, Infinity, '3' as never].map((attempts): [ReactionOptions, string] => [
        { retry: { attempts } },
        `has retry.attempts of ${attempts}: give it a whole number, 1 or more`,
      ]),
      ...[-1, NaN, Infinity, 2 ** 31].flatMap((delay): [ReactionOptions, string][] => [
        [{ retry: { firstDelay: delay } }, `has a retry.firstDelay of ${delay}: give it milliseconds, from 0`],
        [{ retry: { longestDelay: delay } }, `has a retry.longestDelay of ${delay}: give it milliseconds, from 0`],
      ]),
      [{ retry: { firstDelay: 600_000 } }, 'of 600000 and a longestDelay of 300000: make the first the shorter one'],
      ...[0, -1, NaN, Infinity, 2 ** 31].map((timeLimit): [ReactionOptions, string] => [
        { timeLimit },
        `has a timeLimit of ${timeLimit}: give it milliseconds, more than 0 and at most 2147483647`,
      ]),
    ])('with a reaction that is told %p', async (options, complaint) => {
      await refused(club([reaction(MemberJoined, 'club.greet', () => undefined, options)])).toThrow(complaint);
    });

    it('with a retired reaction that lives', async () => {
      const greet = reaction(MemberJoined, 'club.greet', () => undefined);
      await refused(club([greet, retiresReactions('club.wave', 'club.greet')])).toThrow(
        "`retiresReactions('club.greet')` names a reaction that lives, TestReaction: take one of them out of the providers",
      );
    });

    it('with two handlers for one command', async () => {
      class Join {}
      @CommandHandler(Join)
      class JoinHandler implements ICommandHandler<Join> {
        execute = () => Promise.resolve();
      }
      @CommandHandler(Join)
      class OtherJoinHandler implements ICommandHandler<Join> {
        execute = () => Promise.resolve();
      }
      await refused(club([JoinHandler]), context('DoorModule', {}, [OtherJoinHandler])).toThrow(
        'Join has two handlers, JoinHandler and OtherJoinHandler: a command is handled once, so take one of them out of the providers',
      );
    });

    it('with a context that has Nest exports', async () => {
      @Injectable()
      class Members {}
      const complaint = 'ClubModule has Nest exports: contexts know each other by their events only, so remove them';
      await refused({ ...club([Members]), exports: [Members] }).toThrow(complaint);
    });

    it('with a saga', async () => {
      class ClubSagas {
        @Saga() greet = () => EMPTY;
      }
      await refused(club([ClubSagas])).toThrow('ClubSagas has a @Saga()');
    });

    it('with a reaction that lives as long as a request only', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Visitor {}
      @Injectable({ scope: Scope.REQUEST })
      @Reaction(MemberJoined, 'club.greet')
      class GreetOnMemberJoined implements IEventHandler<MemberJoined> {
        handle() {}
      }
      @Reaction(MemberJoined, 'club.wave')
      class WaveOnMemberJoined implements IEventHandler<MemberJoined> {
        constructor(readonly visitor: Visitor) {}
        handle() {}
      }
      Reflect.defineMetadata('design:paramtypes', [Visitor], WaveOnMemberJoined);
      await refused(club([GreetOnMemberJoined])).toThrow('GreetOnMemberJoined is request-scoped');
      await refused(club([WaveOnMemberJoined, Visitor])).toThrow('WaveOnMemberJoined is request-scoped');
    });

    it('with a reaction to an event that no module publishes', async () => {
      await refused(club([reaction(MemberLeft, 'club.wave', () => undefined)], { MemberJoined })).toThrow(
        'reacts to MemberLeft, which no module publishes: add `publishes(...)` to its module',
      );
    });

    it('and says everything that is wrong at once', async () => {
      class Nameless {}
      const greet = () => reaction(MemberJoined, 'club.greet', () => undefined);
      const start = open({ ...club([greet(), greet()], { MemberJoined, Nameless }), exports: [] });
      await expect(start).rejects.toThrow(/Nameless has no stored name[^]*both called 'club.greet'/);
    });

    it('when a reaction of which there is a checkpoint is gone, and forgets nothing of it', async () => {
      const heard: string[] = [];
      const greet = reaction(MemberJoined, 'club.greet', ({ member }) => heard.push(member));
      await raise(await open(club([greet])), new MemberJoined('Ann'));
      await shop!.settle();
      await refused(club([])).toThrow(
        "the database has a checkpoint of reaction 'club.greet', which no longer exists: declare it in `formerly` of the one that replaces it, or `retiresReactions('club.greet')` in its module",
      );
      await raise(await open(club([greet])), new MemberJoined('Bob'));
      await shop!.settle();
      expect(heard).toEqual(['Ann', 'Bob']);
    });

    it('when an event that is in the log is gone', async () => {
      await raise(await open(club([])), new MemberJoined('Ann'), new MemberLeft('Ann'));
      await refused(club([], { MemberLeft })).toThrow(
        "the log has events of type 'club.member-joined', which no longer exists: declare it in `formerly` of the one that replaces it, or as retired in `publishes(events, ['club.member-joined'])`",
      );
      await refused().toThrow(/'club.member-joined'[^]*'club.member-left'/);
      await open(club([]));
    });
  });

  it('lets events and reactions be retired', async () => {
    const greet = reaction(MemberJoined, 'club.greet', () => undefined);
    await raise(await open(club([greet])), new MemberJoined('Ann'), new MemberLeft('Ann'));
    await shop!.settle();
    const now = await open(club([retiresReactions('club.greet', 'club.wave')], { MemberLeft }, ['club.member-joined']));
    expect(await statusOf(now, 'club.greet')).toBeUndefined();
    const { body } = await now.http().get('/events').expect(200);
    expect(body.items.map(({ facts }: { facts: unknown }) => facts)).toEqual([{ member: 'Ann' }, { member: 'Ann' }]);
  });

  it('does not care what classes are called', async () => {
    const heard: string[] = [];
    const greet = reaction(MemberJoined, 'club.greet', ({ member }) => heard.push(member));
    await raise(await open(club([greet])), new MemberJoined('Ann'));
    await shop!.settle();
    class SomebodyCame {
      static readonly type = 'club.member-joined';
      constructor(readonly member: string) {}
    }
    @Reaction(SomebodyCame, 'club.greet')
    class WelcomeEverybody implements IEventHandler<SomebodyCame> {
      handle({ member }: SomebodyCame) {
        heard.push(`${member} came`);
      }
    }
    await raise(
      await open(context('SocietyModule', { SomebodyCame, MemberLeft }, [WelcomeEverybody])),
      new SomebodyCame('Bob'),
    );
    await shop!.settle();
    expect(heard).toEqual(['Ann', 'Bob came']);
  });

  describe('a reaction under a new name', () => {
    const heard: string[] = [];
    let offended: string[] = [];
    const greet = (name: string, options: ReactionOptions = {}) =>
      reaction(
        MemberJoined,
        name,
        ({ member }) => {
          if (offended.includes(member))
            throw member === 'Dan' ? new Unrecoverable('Dan is gone') : new Error('not today');
          heard.push(member);
        },
        options,
      );

    beforeEach(() => {
      heard.splice(0);
      offended = [];
    });

    it('keeps its checkpoint', async () => {
      await raise(await open(club([greet('club.greet')])), new MemberJoined('Ann'));
      await shop!.settle();
      // Raised while the reaction was away.
      await raise(await open(club([retiresReactions('club.greet')])), new MemberJoined('Bob'));
      await open(club([greet('club.welcome', { formerly: ['club.hello', 'club.greet'] })]));
      await shop!.settle();
      expect(heard).toEqual(['Ann', 'Bob']);
      expect(await statusOf(shop!, 'club.greet')).toBeUndefined();

      await open(club([greet('club.welcome', { formerly: ['club.hello', 'club.greet'] })]));
      await raise(shop!, new MemberJoined('Eve'));
      await shop!.settle();
      expect(heard).toEqual(['Ann', 'Bob', 'Eve']);
    });

    it('keeps what waits beside it', async () => {
      offended = ['Ann', 'Dan'];
      const overtaking: ReactionOptions = { onFailure: 'overtake' };
      await raise(
        await open(club([greet('club.greet', overtaking)])),
        new MemberJoined('Ann'),
        new MemberJoined('Dan'),
      );
      await caughtUp(shop!, 'club.greet');
      offended = [];
      await open(club([greet('club.welcome', { ...overtaking, formerly: ['club.greet'] })]));
      expect(await statusOf(shop!, 'club.welcome')).toMatchObject({ deferred: 1, dead: 1 });
      clock.advance(1_000);
      await shop!.settle();
      expect(heard).toEqual(['Ann']);
      const [{ position, error }] = await deadLettersOf(shop!, 'club.welcome');
      expect(error).toContain('Dan is gone');
      await shop!
        .http()
        .post('/reactions/club.welcome/dead-letters/retry')
        .send({ letters: [{ position }] })
        .expect(202);
      await shop!.settle();
      expect(heard).toEqual(['Ann', 'Dan']);
    });
  });

  it('finds events that were stored under a former name', async () => {
    const heard: string[] = [];
    await raise(await open(club([])), new MemberJoined('Ann'));
    class MemberWelcomed {
      static readonly type = 'club.member-welcomed';
      static readonly formerly = ['club.member-entered', 'club.member-joined'];
      readonly member: string;
      constructor(facts: MemberWelcomed) {
        Object.assign(this, facts);
      }
    }
    const count = reaction(
      MemberWelcomed,
      'club.count',
      (event) => heard.push(`${event.constructor.name} ${event.member}`),
      { from: 'beginning' },
    );
    await raise(await open(club([count], { MemberWelcomed, MemberLeft })), new MemberWelcomed({ member: 'Bob' }));
    await shop!.settle();
    expect(heard).toEqual(['MemberWelcomed Ann', 'MemberWelcomed Bob']);
    const { body } = await shop!.http().get('/events').expect(200);
    expect(body.items.map(({ type }: { type: string }) => type)).toEqual([
      'club.member-joined',
      'club.member-welcomed',
    ]);
  });

  describe('a plain @EventsHandler', () => {
    const heard: string[] = [];
    let failing: boolean;

    @EventsHandler(MemberJoined)
    class RememberNewMember implements IEventHandler<MemberJoined> {
      handle({ member }: MemberJoined) {
        if (failing) throw new Error('forgot');
        heard.push(member);
      }
    }

    beforeEach(() => {
      heard.splice(0);
      failing = false;
    });

    it('is a durable reaction, named after its context and its class', async () => {
      failing = true;
      await raise(await open(club([RememberNewMember])), new MemberJoined('Ann'));
      await caughtUp(shop!, 'club.remember-new-member');
      expect(await statusOf(shop!, 'club.remember-new-member')).toMatchObject({ mode: 'after-commit', deferred: 1 });

      failing = false;
      clock.advance(1_000);
      await raise(await open(club([RememberNewMember])), new MemberJoined('Bob'));
      await shop!.settle();
      expect(heard).toEqual(['Ann', 'Bob']);
    });

    it('may be given a name later', async () => {
      await raise(await open(club([RememberNewMember])), new MemberJoined('Ann'));
      await shop!.settle();
      await raise(await open(club([retiresReactions('club.remember-new-member')])), new MemberJoined('Bob'));
      const named = reaction(MemberJoined, 'club.remember', ({ member }) => heard.push(member), {
        formerly: ['club.remember-new-member'],
      });
      await open(club([named]));
      await shop!.settle();
      expect(heard).toEqual(['Ann', 'Bob']);
    });
  });

  describe('a reaction that changes its mode', () => {
    const heard: string[] = [];
    let failing: Error | undefined;
    const greet = (options: ReactionOptions = {}): Type =>
      reaction(
        MemberJoined,
        'club.greet',
        ({ member }) => {
          if (failing) throw failing;
          heard.push(member);
        },
        options,
      );
    const within: ReactionOptions = { within: 'transaction' };
    const unfinished =
      "reaction 'club.greet' is to run within the transaction, but has events to handle that are already committed: let it finish first, dead letters included";

    beforeEach(() => {
      heard.splice(0);
      failing = undefined;
    });

    it('handles each event once, whichever way it goes', async () => {
      const modes: ReactionOptions[] = [{}, within, { effects: 'external' }, within, {}, { effects: 'external' }, {}];
      for (const [at, options] of modes.entries()) {
        await raise(await open(club([greet(options)])), new MemberJoined(`member ${at}`));
        await shop!.settle();
      }
      expect(heard).toEqual(modes.map((_, at) => `member ${at}`));
    });

    it('may not run within the transaction while it has events to handle', async () => {
      await open(club([greet()]));
      await raise(await open(club([retiresReactions('club.greet')])), new MemberJoined('Ann'));
      await refused(club([greet(within)])).toThrow(unfinished);
      await open(club([greet()]));
      await shop!.settle();
      await open(club([greet(within)]));
      expect(heard).toEqual(['Ann']);
    });

    it.each([
      ['wait to be tried again', new Error('not today')],
      ['are dead letters', new Unrecoverable('never')],
    ])('may not run within the transaction while events %s', async (_, error) => {
      failing = error;
      await raise(await open(club([greet()])), new MemberJoined('Ann'));
      await caughtUp(shop!, 'club.greet');
      failing = undefined;
      await refused(club([greet(within)])).toThrow(unfinished);

      await open(club([greet()]));
      for (const { position } of await deadLettersOf(shop!, 'club.greet')) {
        const letters = [{ position }];
        await shop!
          .http()
          .post('/reactions/club.greet/dead-letters/skip')
          .send({ letters, reason: 'gone' })
          .expect(200);
      }
      clock.advance(1_000);
      await shop!.settle();
      await raise(await open(club([greet(within)])), new MemberJoined('Bob'));
      expect(heard.at(-1)).toBe('Bob');
    });
  });

  it('knows an event that several modules publish', async () => {
    const heard: string[] = [];
    const greet = reaction(MemberJoined, 'club.greet', ({ member }) => heard.push(member));
    await open(club([greet]), { module: class DoorModule {}, providers: [publishes({ MemberJoined })] });
    await raise(shop!, new MemberJoined('Ann'));
    await shop!.settle();
    expect(heard).toEqual(['Ann']);
  });
});

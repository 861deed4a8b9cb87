import { BookAdded } from '../../src/catalog/catalog.events';
import { DatabaseError } from '../../src/platform/database/connection';
import { StoredEvent, EventLog } from '../../src/platform/event-log/event-log';
import { DeadLetterList } from '../../src/platform/reactions/dead-letter-list';
import { ReactionStatuses } from '../../src/platform/reactions/reaction-status';
import { Bookshelf } from '../support/bookshelf';
import { REFUSED_AS_DOUBLE } from '../support/database';
import { bookRequest } from '../support/client';
import { DoHandler } from '../support/handlers';
import { reaction } from '../support/trade';
import { dataSource, keepNotes, noted, notes, NoteTable } from '../support/notes';

const TITLES = ['Emma', 'Persuasion', 'Sanditon', 'Lady Susan', 'The Watsons'];
const BAD = 'Sanditon';
/** Once, so that an event that fails is a dead letter, and the shop settles. */
const ONCE = { retry: { attempts: 1 } };

describe('Failures stay home: a reaction that throws touches neither the command nor another reaction', () => {
  let shop: Bookshelf;
  let misbehave: (event: BookAdded) => Promise<void>;
  let beside: string[] = [];

  beforeEach(async () => {
    beside = [];
    misbehave = () => Promise.resolve();
    const bad = reaction(BookAdded, 'test.bad', (event: BookAdded) => misbehave(event), ONCE);
    // Two that share each group of the lane with the bad one, before it and after it.
    const good = (name: string) =>
      reaction(BookAdded, `test.good-${name}`, ({ bookId, title }: BookAdded) => {
        beside.push(title);
        shop.work.put(NoteTable, { id: `${name} ${bookId}`, text: `${name} ${title}` });
        return Promise.resolve();
      });
    shop = await Bookshelf.start({ providers: [DoHandler, good('first'), bad, good('last')] });
    await keepNotes(shop);
  });
  afterEach(() => shop.close());

  const addAll = () =>
    Promise.all(TITLES.map((title) => shop.http().post('/books').send(bookRequest(title)).expect(201)));

  /** Which books the bad reaction has given up on, and why. */
  async function dead(reaction = 'test.bad'): Promise<Record<string, string>> {
    const letters = await shop.get(DeadLetterList).of(reaction, 0, 100);
    const events = await shop.get(EventLog).at(letters.map(({ position }) => position));
    const titleAt = (position: number) => titleOf(events.find((event) => event.position === position)!);
    return Object.fromEntries(letters.map(({ position, error }) => [titleAt(position), error!]));
  }
  const titleOf = ({ facts }: StoredEvent) => facts.title as string;

  /** Commands and the other reactions have done all of their work, exactly once. */
  async function expectEverythingElseDone() {
    const [books, stock] = await Promise.all([
      shop.rows<{ title: string }>('SELECT title FROM catalog_book ORDER BY title'),
      shop.rows<{ title: string }>('SELECT title FROM inventory_stock ORDER BY title'),
    ]);
    const all = [...TITLES].sort().map((title) => ({ title }));
    expect({ books, stock }).toEqual({ books: all, stock: all });
    const wanted = ['first', 'last'].flatMap((name) => TITLES.map((title) => `${name} ${title}`));
    expect((await noted(shop)).filter((text) => /^(first|last) /.test(text))).toEqual(wanted.sort());
    for (const { name, dead } of await shop.get(ReactionStatuses).all()) {
      if (name !== 'test.bad') expect({ name, dead }).toEqual({ name, dead: 0 });
    }
  }

  const ownNotes = async () => (await noted(shop)).filter((text) => !/^(first|last) /.test(text));

  it('a reaction that throws', async () => {
    misbehave = ({ title, bookId }) => {
      shop.work.put(NoteTable, { id: bookId, text: title });
      return title === BAD ? Promise.reject(new Error('this one never')) : Promise.resolve();
    };
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    expect(await dead()).toEqual({ [BAD]: 'Error: this one never' });
    expect(await ownNotes()).toEqual(TITLES.filter((title) => title !== BAD).sort());
  });

  it('a reaction that throws at once, before it returns a promise', async () => {
    misbehave = ({ title }) => {
      if (title === BAD) throw new Error('at once');
      return Promise.resolve();
    };
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    expect(await dead()).toEqual({ [BAD]: 'Error: at once' });
  });

  it.each<[what: string, thrown: unknown]>([
    ['no error', undefined],
    ['an error whose message is none', Object.defineProperty(new Error(), 'message', { value: Symbol('no') })],
    ['an object without any method', Object.assign(Object.create(null), { cause: 'no' })],
  ])('a reaction that throws something that is %s', async (_, thrown) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    misbehave = ({ title }) => (title === BAD ? Promise.reject(thrown) : Promise.resolve());
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    expect(Object.keys(await dead())).toEqual([BAD]);
  });

  it('a reaction that throws on everything', async () => {
    // Each for a cause of its own: were it the same for all, the reaction would pause.
    misbehave = ({ title }) => Promise.reject(new Error(`never ${title}`));
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    expect(Object.keys(await dead()).sort()).toEqual([...TITLES].sort());
  });

  it('a reaction that violates a unique key, which shows only when its writes are sent', async () => {
    misbehave = ({ title, bookId }) => {
      shop.work.insert(NoteTable, { id: bookId, text: title === BAD ? 'Emma' : title });
      return Promise.resolve();
    };
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    const failed = await dead();
    // Whichever of the two comes second.
    expect(Object.keys(failed)).toHaveLength(1);
    expect(Object.values(failed)[0]).toMatch(REFUSED_AS_DOUBLE);
    expect(await ownNotes()).toEqual(TITLES.filter((title) => title !== BAD).sort());
  });

  it('a reaction whose plain statement fails through TypeORM', async () => {
    misbehave = async ({ title, bookId }) => {
      await notes(shop).insert({ id: bookId, text: title });
      if (title === BAD) await dataSource(shop).query('INSERT INTO no_such_table VALUES (1)');
    };
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    expect(await dead()).toEqual({ [BAD]: expect.stringContaining('no_such_table') as unknown });
    expect(await ownNotes()).toEqual(TITLES.filter((title) => title !== BAD).sort());
  });

  it('a reaction that has written through TypeORM before it throws', async () => {
    misbehave = async ({ title, bookId }) => {
      await notes(shop).insert({ id: bookId, text: title });
      if (title === BAD) throw new Error('too late');
    };
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    expect(await dead()).toEqual({ [BAD]: 'Error: too late' });
    expect(await ownNotes()).toEqual(TITLES.filter((title) => title !== BAD).sort());
  });

  it('a reaction that forgets to await what fails', async () => {
    const floating: Promise<unknown>[] = [];
    misbehave = ({ title }) => {
      if (title === BAD) floating.push(dataSource(shop).query('INSERT INTO no_such_table VALUES (1)'));
      return Promise.resolve();
    };
    await addAll();
    await shop.settle();
    const outcomes = await Promise.allSettled(floating);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    await expectEverythingElseDone();
  });

  it('a reaction that tries to end the transaction by hand', async () => {
    misbehave = async ({ title }) => {
      if (title === BAD)
        await dataSource(shop)
          .query('ROLLBACK')
          .catch(() => undefined);
    };
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
  });

  it('the command that raised the event is answered as if nothing had happened, with its position', async () => {
    misbehave = () => Promise.reject(new Error('never'));
    const { headers, body } = await shop.http().post('/books').send(bookRequest(BAD)).expect(201);
    await shop.settle();
    const [event] = await shop.get(EventLog).at([Number(headers['event-position'])]);
    expect(event.stream).toBe(`catalog.book/${(body as { id: string }).id}`);
    expect(await dead()).toEqual({ [BAD]: 'Error: never' });
  });

  it('an outage that a reaction meets is nobody’s failure', async () => {
    let met = false;
    misbehave = () => {
      if (met) return Promise.resolve();
      met = true;
      return Promise.reject(new DatabaseError('SQLITE_BUSY', 'SQLITE_BUSY: database is locked', 'SELECT 1'));
    };
    await addAll();
    await shop.settle();
    await expectEverythingElseDone();
    expect(await dead()).toEqual({});
  });
});

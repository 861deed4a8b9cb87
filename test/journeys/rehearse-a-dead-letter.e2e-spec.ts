import { readdir } from 'node:fs/promises';
import { CommandBus } from '@nestjs/cqrs';
import { BookAdded } from '../../src/catalog/catalog.events';
import { BookRepository } from '../../src/catalog/persistence/book.repository';
import { OpenStockOnBookAdded } from '../../src/inventory/reactions/open-stock-on-book-added.reaction';
import { Mailer } from '../../src/notifications/outside/mailer';
import { InsideUnitOfWork } from '../../src/platform/unit-of-work/outside-only';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf } from '../support/bookshelf';
import { alice, Client, everythingStored, problemOf, type Json } from '../support/client';
import { aBook, Do, DoHandler } from '../support/handlers';
import { dataSource, keepNotes, notes } from '../support/notes';
import { newFolder, removeFolder } from '../support/shop-process';
import { addBook, deadLettersOf, reaction, repriceBook } from '../support/trade';

const NAME = 'test.rehearsed';
const mail = { messageId: '<test@bookshelf>', to: alice, subject: 'Your order', text: 'Thank you.' };

describe('Rehearsing a dead letter', () => {
  let shop: Bookshelf;
  let client: Client;
  let mails: string;
  /** What the reaction does when it is not dying of its event. */
  let handle: (event: BookAdded) => unknown;
  let isMended: boolean;

  const rehearsed = (effects?: 'external', timeLimit?: number) =>
    reaction(
      BookAdded,
      NAME,
      (event) => {
        if (!isMended) throw new Unrecoverable('not yet');
        return handle(event);
      },
      { effects, timeLimit },
    );

  /** A shop with this reaction, and one dead letter in it. */
  async function open(effects?: 'external', timeLimit?: number): Promise<{ position: number; bookId: string }> {
    shop = await Bookshelf.start({
      providers: [DoHandler, rehearsed(effects, timeLimit)],
      environment: { MAIL_URL: `file:${mails}` },
    });
    client = new Client(shop);
    const bookId = await addBook(shop);
    await shop.settle();
    const [{ position }] = await deadLettersOf(shop, NAME);
    isMended = true;
    return { position, bookId };
  }

  /** Everything in the database and every letter, but for the note in the log that somebody has rehearsed. */
  async function everything() {
    const { event_log: log, ...tables } = await everythingStored(shop);
    const events = log.filter((line) => !line.includes('"platform.rehearsal-asked"'));
    return { ...tables, reaction: await shop.rows('SELECT * FROM reaction'), events, mails: await readdir(mails) };
  }

  /** What the shop answers, after which it holds what it held before. */
  async function rehearse(position: number, of = NAME): Promise<Json> {
    const before = await everything();
    const answer = await client.post(`/reactions/${of}/dead-letters/rehearse`, { position });
    expect([answer.status, answer.text]).toEqual([200, answer.text]);
    expect(await everything()).toEqual(before);
    return answer.body;
  }

  const save = async (title: string, isbn?: string): Promise<void> => {
    const book = aBook(title, isbn);
    await shop.get(BookRepository).save(book);
    book.commit();
  };

  beforeEach(() => {
    mails = newFolder();
    isMended = false;
    handle = () => undefined;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await shop.close();
    removeFolder(mails);
  });

  it('shows which rows would be written and which events raised, and nothing of it happens', async () => {
    jest
      .spyOn(OpenStockOnBookAdded.prototype, 'handle')
      .mockRejectedValueOnce(new Unrecoverable('the shelf fell down'));
    const { bookId } = await open();
    const [{ position }] = await deadLettersOf(shop, 'inventory.open-stock');
    expect(await rehearse(position, 'inventory.open-stock')).toEqual({
      outcome: 'handled',
      writes: [
        {
          table: 'inventory_stock',
          kind: 'insert',
          key: bookId,
          row: expect.objectContaining({ bookId, quantity: 10, reserved: 0 }),
        },
        {
          table: 'inventory_movement',
          kind: 'insert',
          key: expect.any(String),
          row: expect.objectContaining({ bookId, kind: 'opened', quantity: 10 }),
        },
      ],
      events: [
        {
          type: 'inventory.stock-opened',
          stream: `inventory.stock/${bookId}`,
          facts: expect.objectContaining({ bookId, quantity: 10 }),
        },
        expect.objectContaining({ type: 'inventory.stock-replenished' }),
      ],
      outside: [],
    });
    expect((await client.get(`/inventory/${bookId}`)).status).toBe(404);
  });

  it('tells the truth: when the letter is then retried, the same happens', async () => {
    handle = () => save('Persuasion', '9780141439686');
    const { position } = await open();
    const { writes, events } = await rehearse(position);
    expect(writes.map(({ table, kind }: Json) => [table, kind])).toEqual([['catalog_book', 'insert']]);
    expect(events.map(({ type }: Json) => type)).toEqual(['catalog.book-added']);
    // The second book must not be answered with a third.
    const once = handle;
    handle = (event) => event.title === 'Emma' && once(event);
    await client.post(`/reactions/${NAME}/dead-letters/retry`, { letters: [{ position }] });
    await shop.settle();
    expect(await shop.rows('SELECT title FROM catalog_book ORDER BY title')).toEqual([
      { title: 'Emma' },
      { title: 'Persuasion' },
    ]);
  });

  it('shows with which error it would fail, and then nothing would be written', async () => {
    const { position } = await open();
    handle = async () => {
      await save('Persuasion');
      throw new TypeError('there is no shelf');
    };
    expect(await rehearse(position)).toEqual({
      outcome: 'failed',
      error: 'TypeError: there is no shelf',
      writes: [],
      events: [],
      outside: [],
    });
  });

  it('finds what only the database would refuse in the end', async () => {
    const { position } = await open();
    await client.addBook({ title: 'Persuasion', isbn: '9780141439686' });
    handle = (event) => event.title === 'Emma' && save('Persuasion', '9780141439686');
    expect(await rehearse(position)).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('BookAlreadyInCatalog'),
      writes: [],
    });
  });

  it('takes back statements that were sent by hand as well, and shows them', async () => {
    const { position } = await open();
    await keepNotes(shop);
    handle = async () => {
      await save('Persuasion');
      await notes(shop).insert({ id: '1', text: 'a note' });
      expect(await dataSource(shop).query('SELECT text FROM note')).toEqual([{ text: 'a note' }]);
    };
    const { outcome, writes } = await rehearse(position);
    expect(outcome).toBe('handled');
    expect(writes).toContainEqual(expect.objectContaining({ table: 'catalog_book', kind: 'insert' }));
    expect(writes).toContainEqual({ kind: 'statement', sql: expect.stringContaining('INSERT INTO "note"') });
  });

  it('takes back what was sent even where nothing else was done', async () => {
    const { position } = await open();
    await keepNotes(shop);
    handle = () => notes(shop).insert({ id: '1', text: 'a note' });
    expect((await rehearse(position)).outcome).toBe('handled');
  });

  describe('of a reaction that talks to the outside', () => {
    it('shows what would go out and what its commands would store, and sends nothing', async () => {
      const { position, bookId } = await open('external');
      handle = async ({ bookId: id }) => {
        await shop.get(Mailer).send(mail);
        await shop.send(new Do(() => save('Persuasion')));
        expect(id).toBe(bookId);
      };
      const { outcome, writes, events, outside } = await rehearse(position);
      expect(outcome).toBe('handled');
      expect(outside).toEqual([{ what: 'a mail was sent', ...mail }]);
      expect(writes).toMatchObject([{ table: 'catalog_book', kind: 'insert', row: { title: 'Persuasion' } }]);
      expect(events).toMatchObject([{ type: 'catalog.book-added' }]);
    });

    it('shows the letter to the customer that the shop itself would send', async () => {
      const { bookId } = await open();
      const send = jest
        .spyOn(Mailer.prototype, 'send')
        .mockRejectedValueOnce(new Unrecoverable('550 there is nobody of this name'));
      await client.order({ [bookId]: 1 });
      await shop.settle();
      send.mockRestore();
      const [{ position }] = await deadLettersOf(shop, 'notifications.send-mail');
      const { outcome, writes, events, outside } = await rehearse(position, 'notifications.send-mail');
      expect(outcome).toBe('handled');
      expect(outside).toMatchObject([{ what: 'a mail was sent', to: { email: alice.email } }]);
      expect(writes).toMatchObject([{ table: 'notifications_notification', kind: 'update', row: { status: 'SENT' } }]);
      expect(events).toMatchObject([{ type: 'notifications.notification-sent' }]);
    });

    it('that fails shows what it has sent and stored before that', async () => {
      const { position } = await open('external');
      handle = async () => {
        await shop.send(new Do(() => save('Persuasion')));
        await shop.get(Mailer).send(mail);
        throw new Error('the line is dead');
      };
      expect(await rehearse(position)).toMatchObject({
        outcome: 'failed',
        error: 'Error: the line is dead',
        writes: [{ table: 'catalog_book', kind: 'insert' }],
        events: [{ type: 'catalog.book-added' }],
        outside: [{ what: 'a mail was sent' }],
      });
    });

    it('lets no command of it send a letter, as in earnest', async () => {
      const { position } = await open('external');
      handle = () => shop.get(CommandBus).execute(new Do(() => shop.get(Mailer).send(mail)));
      const { outcome, error, outside } = await rehearse(position);
      expect([outcome, outside]).toEqual(['failed', []]);
      expect(error).toContain(InsideUnitOfWork.name);
    });
  });

  it('of a reaction that stores lets no letter out either, as in earnest', async () => {
    const { position } = await open();
    handle = () => shop.get(Mailer).send(mail);
    expect(await rehearse(position)).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('a mail was sent inside a unit of work'),
      outside: [],
    });
  });

  describe('that does not come to its end', () => {
    it('ends with the time limit of the reaction, and others go on', async () => {
      const { position } = await open(undefined, 100);
      handle = () => new Promise(() => undefined);
      expect(await rehearse(position)).toMatchObject({
        outcome: 'failed',
        error: expect.stringMatching(/^TimedOut: .* 100 ms$/),
      });
      handle = () => undefined;
      await client.addBook({ title: 'Persuasion' });
    });

    it.each(['external', undefined] as const)(
      'cannot do afterwards what it came too late for (%s)',
      async (effects) => {
        const { position } = await open(effects, 50);
        const late: unknown[] = [];
        let finish: () => void = () => undefined;
        const finished = new Promise<void>((resolve) => (finish = resolve));
        let goOn: () => void = () => undefined;
        const comesTooLate = new Promise<void>((resolve) => (goOn = resolve));
        handle = async () => {
          await comesTooLate;
          for (const act of [() => shop.send(new Do(() => save('Persuasion'))), () => shop.get(Mailer).send(mail)]) {
            await act().catch((error: Error) => late.push(error.name));
          }
          finish();
        };
        const before = await everything();
        expect(await rehearse(position)).toMatchObject({ outcome: 'failed' });
        goOn();
        await finished;
        expect(late).toEqual(['RehearsalOver', 'RehearsalOver']);
        expect(await everything()).toEqual(before);
      },
    );
  });

  it('disturbs nobody who writes at the same time', async () => {
    handle = () => save('Persuasion');
    const { position, bookId } = await open();
    const ask = () => client.post(`/reactions/${NAME}/dead-letters/rehearse`, { position });
    const answers = await Promise.all([ask(), repriceBook(shop, bookId, 100, 200, 300), ask(), ask()]);
    expect(answers.map((answer) => answer?.body?.outcome)).toEqual(['handled', undefined, 'handled', 'handled']);
    expect((await client.see(`/books/${bookId}`)).price).toEqual({ amount: 3, currency: 'USD' });
    expect(await shop.rows('SELECT title FROM catalog_book')).toEqual([{ title: 'Emma' }]);
  });

  it('is on record: who has asked, and why', async () => {
    const { position } = await open();
    const body = { position, reason: 'is the shelf up again?' };
    await client.post(`/reactions/${NAME}/dead-letters/rehearse`, body, { 'x-actor': 'ada@example.com' });
    expect((await client.see('/events?type=platform.rehearsal-asked')).items).toMatchObject([
      {
        actor: 'ada@example.com',
        facts: { reaction: NAME, letter: position, reason: 'is the shelf up again?' },
      },
    ]);
  });

  it('can be done of a letter that was skipped, too, and of nothing else', async () => {
    const { position } = await open();
    await client.post(`/reactions/${NAME}/dead-letters/skip`, { letters: [{ position }], reason: 'never mind' });
    expect(await rehearse(position)).toMatchObject({ outcome: 'handled' });
    const answer = await client.post(`/reactions/${NAME}/dead-letters/rehearse`, { position: position + 1 });
    expect(problemOf(answer)).toMatchObject({ status: 404, code: 'dead-letter-not-found' });
    expect((await client.see('/events?type=platform.rehearsal-asked')).items).toHaveLength(1);
  });
});

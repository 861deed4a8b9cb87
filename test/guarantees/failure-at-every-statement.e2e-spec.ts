import { Logger } from '@nestjs/common';
import type { Response } from 'supertest';
import { Doctor } from '../../src/platform/invariants/doctor';
import { Reactions } from '../../src/platform/reactions/reactions.service';
import { ReactionStatuses } from '../../src/platform/reactions/reaction-status';
import { differences, snapshotOf } from '../../src/platform/testing/snapshot';
import { Failure, FailingStatement, FAILURES } from '../../src/platform/testing/statements';
import { Database } from '../../src/platform/database/database';
import { ReadDatabase } from '../../src/platform/database/read-database';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { bookRequest, Client, MOVES, orderFor, problemOf } from '../support/client';
import { collectMail } from '../support/outbox';

/** Each command with what has to be there before, and the request that gives it. */
const COMMANDS: Readonly<Record<string, (client: Client, book: string) => Promise<[path: string, body?: object]>>> = {
  'a book is added': async () => ['/books', bookRequest()],
  'an order is placed': async (_, book) => ['/orders', orderFor(book)],
  'an order is cancelled': async (client, book) => [
    `/orders/${await client.order({ [book]: 1 })}/cancel`,
    MOVES.cancel,
  ],
  'an order is shipped': async (client, book) => {
    const order = await client.order({ [book]: 1 });
    await client.move(order, 'confirm');
    return [`/orders/${order}/ship`, MOVES.ship];
  },
};

/** What a client is told, and how it is called for them. */
const ANSWERS: Readonly<Record<keyof typeof FAILURES, [status: number, code: string]>> = {
  disk: [500, 'internal-error'],
  full: [507, 'storage-full'],
  plain: [500, 'internal-error'],
};

const KINDS = Object.keys(FAILURES) as (keyof typeof FAILURES)[];

/**
 * Each statement fails because of the disk, after which SQLite itself has rolled back, and in turns in one of the other
 * ways; EVERY_FAILURE=1 tries all of them with each.
 */
const kindsFor = (at: number) =>
  process.env.EVERY_FAILURE ? KINDS : KINDS.filter((kind, n) => kind === 'disk' || at % 4 === n);

describe('Whichever statement fails, everything has happened or nothing', () => {
  let shop: Bookshelf;
  let clock: ManualClock;
  let client: Client;

  beforeEach(async () => {
    // Each failure is told to the log; here there are hundreds.
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    clock = new ManualClock();
    shop = await Bookshelf.start({ clock, environment: { INITIAL_STOCK: '1000' } });
    collectMail(shop);
    // Nobody pulls the plug here, and a thousand commits need not wait for the disk.
    const database = shop.get(Database);
    await shop.settle();
    await database.beforeClose();
    await database.writer.exec('PRAGMA synchronous = OFF');
    client = new Client(shop);
  });
  afterEach(async () => {
    await shop.close();
    jest.restoreAllMocks();
  });

  const stored = () => snapshotOf(shop.get(ReadDatabase));
  const typesAfter = async (position: number) =>
    (await shop.rows<{ type: string }>('SELECT type FROM event_log WHERE position > $1', [position]))
      .map(({ type }) => type)
      .sort();
  const head = async () => (await shop.rows<{ head: number }>('SELECT count(*) AS head FROM event_log'))[0].head;

  /** Lets time pass until every reaction has done what it has to do. */
  async function recover(): Promise<void> {
    const reactions = shop.get(Reactions);
    await shop.until('the reactions have recovered', async () => {
      if (reactions.all.some(({ name }) => reactions.isWorking(name))) return false;
      if (!(await shop.get(ReactionStatuses).waiting()).length) return true;
      // Longer than any pause and any back-off.
      clock.advance(600_000);
      return false;
    });
  }

  /** Gives the command while its n-th statement fails. @returns what it was answered, and the statement if there was one */
  async function giveIt(command: string, book: string, at: number, failure: Failure) {
    const [path, body] = await COMMANDS[command](client, book);
    await recover();
    const before = { rows: await stored(), head: await head() };
    const statement = new FailingStatement(shop, at, failure);
    const answer: Response = await client.post(path, body);
    await recover();
    statement.mend();
    return { before, answer, failed: statement.failed };
  }

  it.each(Object.keys(COMMANDS))('when %s and a statement fails', async (command) => {
    const book = await client.addBook();
    // Nothing is in the way of this one: it shows what everything is.
    const sound = await giveIt(command, book, 0, FAILURES.plain);
    expect(sound.answer.status).toBeLessThan(300);
    const everything = await typesAfter(sound.before.head);
    const failed = { inCommand: 0, inReactions: 0 };

    let isReached = true;
    for (let at = 1; isReached; at++) {
      for (const kind of kindsFor(at)) {
        const { before, answer, failed: statement } = await giveIt(command, book, at, FAILURES[kind]);
        isReached = statement !== undefined;
        if (!isReached) break;
        const where = `statement ${at}, ${kind}: ${statement}`;
        if (answer.status >= 300) {
          failed.inCommand++;
          expect([where, answer.status, problemOf(answer).code]).toEqual([where, ...ANSWERS[kind]]);
          expect([where, ...differences(before.rows, await stored())]).toEqual([where]);
        } else {
          failed.inReactions++;
          expect([where, ...(await typesAfter(before.head))]).toEqual([where, ...everything]);
        }
        expect([where, (await client.get('/health/ready')).status]).toEqual([where, 200]);
      }
      expect([at, ...(await shop.get(Doctor).examine())]).toEqual([at]);
    }
    // Otherwise nothing is proved.
    expect(failed.inCommand).toBeGreaterThanOrEqual(5);
    expect(failed.inReactions).toBeGreaterThanOrEqual(10);
    if (process.env.TEST_LOG) process.stdout.write(`${command}: ${JSON.stringify(failed)}\n`);
  });
});

import { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { BookAdded } from '../../src/catalog/catalog.events';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Client } from '../support/client';
import { reaction, statusOf } from '../support/trade';

const MAIL = 'notifications.send-mail';

describe('Outages do not burn attempts: a reaction for which nothing works pauses, and tries one event now and then', () => {
  let shop: Bookshelf;
  let clock: ManualClock;
  let client: Client;

  beforeEach(() => (clock = new ManualClock()));
  afterEach(() => shop.close());

  const paused = (name: string) =>
    shop.until(`${name} pauses`, async () => (await statusOf(shop, name)).state === 'paused');

  /** It has done everything. Now and then it looks whether there is more, which is work as well. */
  const idle = (name: string) =>
    shop.until(`${name} has nothing left to do`, async () => {
      const { state, deferred, dead } = await statusOf(shop, name);
      return state === 'idle' && deferred === 0 && dead === 0;
    });

  describe('a mail server that is down for an hour', () => {
    let server: SMTPServer | undefined;
    let port: number;
    let received: string[];

    async function serve(at = 0): Promise<void> {
      const opened = new SMTPServer({
        authOptional: true,
        closeTimeout: 100,
        disabledCommands: ['STARTTLS'],
        onData(stream, _session, done) {
          let text = '';
          stream.on('data', (part: Buffer) => (text += part.toString()));
          stream.on('end', () => {
            received.push(/^Message-ID: (.*)$/im.exec(text)?.[1] ?? text);
            done();
          });
        },
      });
      server = opened;
      await new Promise<void>((resolve) => opened.listen(at, '127.0.0.1', resolve));
      port = (opened.server.address() as AddressInfo).port;
    }

    const shut = () => new Promise<void>((resolve) => (server ? server.close(resolve) : resolve()));

    beforeEach(async () => {
      received = [];
      await serve();
      await shut();
      shop = await Bookshelf.start({ clock, environment: { MAIL_URL: `smtp://127.0.0.1:${port}` } });
      client = new Client(shop);
    });
    afterEach(async () => {
      await shut();
      server = undefined;
    });

    it('costs no letter an attempt, and each goes out once when it is back', async () => {
      const bookId = await client.addBook();
      await client.adjust(bookId, 100);
      for (let order = 0; order < 20; order++) await client.order({ [bookId]: 1 });
      await paused(MAIL);
      expect(await statusOf(shop, MAIL)).toMatchObject({
        paused: { cause: expect.stringContaining('ECONNREFUSED'), since: clock.now().toISOString() },
        dead: 0,
      });

      for (let minute = 0; minute < 60; minute++) {
        const { paused: before } = await statusOf(shop, MAIL);
        clock.advance(60_000);
        await shop.until('it has tried again', async () => {
          const { paused: now } = await statusOf(shop, MAIL);
          return now !== undefined && now.nextProbeAt !== before?.nextProbeAt;
        });
      }
      // Others are none the worse for it.
      await idle('notifications.write-letter');
      const attempts = await shop.rows<{ most: number }>('SELECT max(attempts) AS most FROM reaction_deferred');
      expect(attempts).toEqual([{ most: 0 }]);

      await serve(port);
      clock.advance(60_000);
      await shop.settle();
      expect(received).toHaveLength(20);
      expect(new Set(received).size).toBe(20);
      await idle(MAIL);
    });
  });

  it('a reaction of which every event fails for one cause pauses, and goes on when it is mended', async () => {
    let broken = true;
    const tried: string[] = [];
    const wrap = reaction(BookAdded, 'test.wrap', ({ title }) => {
      tried.push(title);
      if (broken) throw new TypeError(`there is no paper for ${tried.length}`);
    });
    shop = await Bookshelf.start({ clock, providers: [wrap] });
    client = new Client(shop);
    for (let at = 0; at < 30; at++) await client.addBook({ title: `Book ${at}` });
    await paused('test.wrap');
    expect(tried.length).toBeLessThan(10);
    broken = false;
    clock.advance(60_000);
    await shop.settle();
    expect(new Set(tried).size).toBe(30);
    await idle('test.wrap');
  });

  it('one event of which the other side will hear nothing does not hold up the others for ever, and has an end', async () => {
    const sent: string[] = [];
    const post = reaction(
      BookAdded,
      'test.post',
      ({ title }) => {
        if (title === 'Ulysses') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        sent.push(title);
      },
      { effects: 'external', retry: { attempts: 3 } },
    );
    shop = await Bookshelf.start({ clock, providers: [post] });
    client = new Client(shop);
    await client.addBook({ title: 'Ulysses' });
    await paused('test.post');
    for (let at = 0; at < 12; at++) {
      await client.addBook({ title: `Book ${at}` });
      clock.advance(60_000);
      await shop.until('it has looked', async () => {
        const { state, lag } = await statusOf(shop, 'test.post');
        return state === 'paused' || (state === 'idle' && lag === 0);
      });
    }
    await shop.until('it is given up', async () => (await statusOf(shop, 'test.post')).dead === 1);
    clock.advance(60_000);
    await shop.settle();
    expect(sent).toHaveLength(12);
  });
});

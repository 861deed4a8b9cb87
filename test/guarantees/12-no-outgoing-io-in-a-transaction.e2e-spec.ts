import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OrderPlaced } from '../../src/orders/orders.events';
import { Mail, Mailer } from '../../src/notifications/outside/mailer';
import { messageId } from '../../src/notifications/outside/message-id';
import { InsideUnitOfWork } from '../../src/platform/unit-of-work/outside-only';
import { currentScope } from '../../src/platform/unit-of-work/scope';
import { Bookshelf } from '../support/bookshelf';
import { alice, Client } from '../support/client';
import { Do, DoHandler } from '../support/handlers';
import { reaction } from '../support/trade';
import { newFolder, removeFolder } from '../support/shop-process';

const mail: Mail = {
  messageId: '<test@bookshelf>',
  to: { name: 'Alice Johnson', email: 'alice@example.com' },
  subject: 'Your order',
  text: 'Thank you.',
};

describe('No outgoing I/O in a transaction: a reaction stores or talks to the outside, not both', () => {
  let shop: Bookshelf;
  afterEach(() => shop.close());

  const send = () => shop.get(Mailer).send(mail);

  it('a letter sent in a command handler is refused, and the command with it', async () => {
    shop = await Bookshelf.start({ providers: [DoHandler] });
    await expect(shop.send(new Do(send))).rejects.toThrow(InsideUnitOfWork);
  });

  it('a letter sent in a reaction that stores makes a dead letter which says so', async () => {
    const stores = reaction(OrderPlaced, 'test.store-and-send', send, { retry: { attempts: 1 } });
    shop = await Bookshelf.start({ providers: [stores] });
    const client = new Client(shop);
    await client.order({ [await client.addBook()]: 1 });
    await shop.settle();
    const { items } = await client.see('/reactions/test.store-and-send/dead-letters');
    expect(items).toMatchObject([{ error: expect.stringContaining('a mail was sent inside a unit of work') }]);
  });

  it('a reaction with outside effects runs outside any transaction, may send, and stores through commands', async () => {
    const seen: unknown[] = [];
    const sends = reaction(
      OrderPlaced,
      'test.send',
      async () => {
        seen.push(currentScope());
        await send();
        await shop.send(new Do(() => Promise.resolve(seen.push('stored'))));
      },
      { effects: 'external' },
    );
    shop = await Bookshelf.start({ providers: [DoHandler, sends] });
    const client = new Client(shop);
    await client.order({ [await client.addBook()]: 1 });
    await shop.settle();
    expect(seen).toEqual([undefined, 'stored']);
  });

  it('each letter goes out with an identity made of its event, so that whoever gets it twice can tell', async () => {
    const folder = newFolder();
    shop = await Bookshelf.start({ environment: { MAIL_URL: `file:${folder}` } });
    const client = new Client(shop);
    await client.order({ [await client.addBook()]: 1 });
    await shop.settle();
    const [placed] = (await client.see('/events?type=orders.order-placed')).items;
    const [letter] = (await client.see('/notifications')).items;
    const files = await readdir(folder);
    expect(files).toHaveLength(1);
    const sent = await readFile(join(folder, files[0]), 'utf8');
    expect(sent).toContain(`Message-ID: ${messageId(placed.id, alice.email, letter.kind, 1)}`);
    removeFolder(folder);
  });
});

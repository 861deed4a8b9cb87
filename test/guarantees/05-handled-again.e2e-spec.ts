import { BookAdded } from '../../src/catalog/catalog.events';
import { CommandBus } from '@nestjs/cqrs';
import { ReceiveStock } from '../../src/inventory/commands/receive-stock.command';
import { Database } from '../../src/platform/database/database';
import { ReactionOptions } from '../../src/platform/reactions/reaction.decorator';
import { Reactions } from '../../src/platform/reactions/reactions.service';
import { expectIdempotent, NotIdempotent } from '../../src/platform/testing/idempotence';
import { Bookshelf, Settings } from '../support/bookshelf';
import { alice, bookRequest, Client } from '../support/client';
import { collectMail } from '../support/outbox';
import { pay, watchRefunds } from '../support/payments';
import { reaction } from '../support/trade';

/** For each reaction of the shop: what has to be there before, and then what raises its event. */
const CAUSES: Readonly<Record<string, (client: Client) => Promise<() => Promise<unknown>>>> = {
  'catalog.browse': async (client) => () => client.addBook(),
  'orders.price-list': async (client) => () => client.addBook(),
  'inventory.open-stock': async (client) => () => client.addBook(),
  'inventory.reserve-stock': async (client) => {
    const book = await client.addBook();
    return () => client.order({ [book]: 2 });
  },
  'inventory.ship-stock': async (client) => {
    const order = await orderOf(client, 'confirm');
    return () => client.move(order, 'ship');
  },
  'inventory.release-stock': async (client) => {
    const order = await orderOf(client);
    return () => client.move(order, 'cancel');
  },
  'inventory.take-back-stock': async (client) => {
    const order = await orderOf(client, 'confirm', 'ship', 'deliver');
    return () => client.move(order, 'return');
  },
  'loyalty.award-points': async (client) => {
    const book = await client.addBook();
    return () => client.order({ [book]: 2 });
  },
  'analytics.sales': async (client) => {
    const order = await orderOf(client);
    return () => client.move(order, 'cancel');
  },
  'analytics.best-sellers': async (client) => {
    const order = await orderOf(client);
    return () => client.move(order, 'cancel');
  },
  'analytics.funnel': async (client) => {
    const order = await orderOf(client);
    return () => client.move(order, 'confirm');
  },
  'recommendations.books': async (client) => () => client.addBook(),
  'recommendations.bought-together': async (client) => {
    const books = [await client.addBook(), await client.addBook()];
    return () => client.order({ [books[0]]: 1, [books[1]]: 1 });
  },
  'payments.expect-payment': async (client) => {
    const order = await orderOf(client);
    await pay(client, order, 10);
    return () => client.move(order, 'cancel');
  },
  'payments.give-back': async (client) => {
    const order = await orderOf(client);
    await pay(client, order, 10);
    return () => client.move(order, 'cancel');
  },
  'orders.confirm-paid': async (client) => {
    const order = await orderOf(client);
    return () => pay(client, order, 25.98);
  },
  'shipping.prepare-shipment': async (client) => {
    const order = await orderOf(client);
    return () => client.move(order, 'confirm');
  },
  'waiting-list.call-waiters': async (client) => {
    const book = await awaitedBook(client);
    return () => client.post(`/books/${book}/publish`);
  },
  'waiting-list.end-waits': async (client) => {
    const book = await awaitedBook(client);
    return () => client.post(`/books/${book}/publish`);
  },
  'notifications.write-letter': async (client) => {
    const order = await orderOf(client);
    return () => client.move(order, 'confirm');
  },
  'notifications.write-to-staff': async (client) => {
    const book = await client.addBook();
    await watch(client, { metric: 'available-copies', comparison: 'below', threshold: 9 });
    return () => client.order({ [book]: 2 });
  },
  'notifications.write-to-waiter': async (client) => {
    const book = await awaitedBook(client);
    return () => client.post(`/books/${book}/publish`);
  },
  'notifications.send-mail': async (client) => {
    const order = await orderOf(client);
    return () => client.move(order, 'confirm');
  },
  'alerts.note-copies': async (client) => {
    const book = await client.addBook();
    await watch(client, { metric: 'available-copies', comparison: 'below', threshold: 9 });
    return () => client.order({ [book]: 2 });
  },
  'alerts.count-order': async (client) => {
    const book = await client.addBook();
    await watch(client, { metric: 'orders-per-hour', comparison: 'above', threshold: 0 });
    return () => client.order({ [book]: 2 });
  },
  'alerts.add-revenue': async (client) => {
    const order = await orderOf(client);
    await watch(client, { metric: 'revenue-per-day', comparison: 'above', threshold: 10 });
    return () => pay(client, order, 25.98);
  },
  'alerts.apply-rule': async (client) => {
    await client.addBook();
    return () => watch(client, { metric: 'available-copies', comparison: 'above', threshold: 9 });
  },
};

/** Lets a rule watch. */
async function watch(client: Client, rule: object): Promise<void> {
  const { body } = await client.post('/alerts/rules', rule);
  await client.post(`/alerts/rules/${body.id}/activate`);
}

/** For each reaction that talks to the outside: how to see what it has done there, by identity. */
const OUTSIDE: Readonly<Record<string, (shop: Bookshelf) => () => string[]>> = {
  'notifications.send-mail': (shop) => {
    const letters = collectMail(shop);
    return () => letters.map(({ messageId }) => messageId);
  },
  'payments.give-back': (shop) => {
    const refunds = watchRefunds(shop);
    return () => refunds.map(({ key }) => key);
  },
};

/** A book that comes out only when somebody has waited for it. */
async function awaitedBook(client: Client): Promise<string> {
  const book = await client.addBook();
  await client.post(`/books/${book}/waiting-list`, { email: alice.email });
  return book;
}

async function orderOf(client: Client, ...moves: Parameters<Client['move']>[1][]): Promise<string> {
  const order = await client.order({ [await client.addBook()]: 2 });
  await client.move(order, ...moves);
  return order;
}

describe('An event that is delivered again has no second effect', () => {
  let shop: Bookshelf;
  const start = async (settings?: Settings) => (shop = await Bookshelf.start(settings));
  afterEach(() => shop.close());

  it('every reaction of the shop is looked at', async () => {
    await start();
    const { all } = shop.get(Reactions);
    const unknown = (names: readonly string[]) => names.filter((name) => !all.some((one) => one.name === name));
    const missing = (where: object, some = all) => some.map(({ name }) => name).filter((name) => !(name in where));
    expect({
      'add to CAUSES what raises the event of': missing(CAUSES),
      'add to OUTSIDE what shows the effects of': missing(
        OUTSIDE,
        all.filter(({ mode }) => mode === 'external'),
      ),
      'are gone, so remove': unknown([...Object.keys(CAUSES), ...Object.keys(OUTSIDE)]),
    }).toEqual({
      'add to CAUSES what raises the event of': [],
      'add to OUTSIDE what shows the effects of': [],
      'are gone, so remove': [],
    });
  });

  it.each(Object.entries(CAUSES))('handled by %s', async (name, prepare) => {
    await start();
    const outside = OUTSIDE[name]?.(shop);
    const cause = await prepare(new Client(shop));
    await shop.settle();
    await expectIdempotent(shop, name, cause, { outside });
    await shop.settle();
  });

  describe('is found out not to be true of', () => {
    const add = () => shop.http().post('/books').send(bookRequest()).expect(201);
    let effects: string[];
    beforeEach(() => (effects = []));

    /** What the instrument says of a reaction that does this. */
    async function verdict(
      handle: (event: BookAdded) => unknown,
      options: ReactionOptions = {},
      spoil: (database: Database) => void = () => undefined,
    ) {
      await start({ providers: [reaction(BookAdded, 'test.suspect', handle, options)] });
      spoil(shop.get(Database));
      return expectIdempotent(shop, 'test.suspect', add, { outside: () => effects }).then(
        () => 'idempotent',
        (error: Error) => error,
      );
    }

    const receive = (bookId: string, count = 1) => shop.get(CommandBus).execute(new ReceiveStock(bookId, count));

    it('one that remembers in the program how often it was called', async () => {
      let calls = 0;
      const other = await verdict(({ bookId }) => receive(bookId, ++calls));
      expect(other).toBeInstanceOf(NotIdempotent);
      expect(String(other)).toMatch(/does something else the second time:[^]*- inventory_stock .*"quantity":11/);
    });

    it('one that stores and does something outside', async () => {
      const both = await verdict(async ({ bookId, title }) => {
        effects.push(title);
        await receive(bookId);
      });
      expect(String(both)).toMatch(`does something outside that no rollback takes back:\n  ${bookRequest().title}`);
    });

    it('one whose transaction is kept although it was lost', async () => {
      const kept = verdict(
        ({ bookId }) => receive(bookId),
        {},
        ({ writer }) => {
          writer.rollBack = () => writer.commit();
        },
      );
      expect(String(await kept)).toMatch(/leaves something behind when its transaction is lost:\n[^]*stock-received/);
    });

    it('one with outside effects that stores them anew each time', async () => {
      const naive = await verdict(
        async ({ bookId }) => {
          effects.push(bookId);
          await receive(bookId);
        },
        { effects: 'external' },
      );
      expect(naive).toBeInstanceOf(NotIdempotent);
      expect(String(naive)).toMatch(
        /stores something else the second time \(a row .* had changed\):[^]*\+ inventory_movement/,
      );
    });

    it('one with outside effects that gives them another name each time', async () => {
      const nameless = await verdict(({ title }) => effects.push(`${title} ${effects.length}`), {
        effects: 'external',
      });
      expect(String(nameless)).toMatch(/outside again, under another identity:\n {2}- Emma 1\n {2}\+ Emma 0/);
    });

    it('nobody, where nothing has happened', async () => {
      expect(String(await verdict(() => undefined))).toMatch('has had no effect: this proves nothing');
    });
  });

  it('a reaction with outside effects must say which', async () => {
    await start();
    const cause = () => Promise.resolve();
    await expect(expectIdempotent(shop, 'notifications.send-mail', cause)).rejects.toThrow('say with { outside }');
    await expect(expectIdempotent(shop, 'no.such', cause)).rejects.toThrow(`there is no reaction 'no.such'`);
  });
});

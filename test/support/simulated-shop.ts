import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module';
import { AddBook } from '../../src/catalog/commands/add-book.command';
import { PublishBook } from '../../src/catalog/commands/publish-book.command';
import { AdjustStock } from '../../src/inventory/commands/adjust-stock.command';
import { Clock } from '../../src/kernel/clock';
import { Mail, Mailer } from '../../src/notifications/outside/mailer';
import { CancelOrder } from '../../src/orders/commands/cancel-order.command';
import { ConfirmOrder } from '../../src/orders/commands/confirm-order.command';
import { PlaceOrder } from '../../src/orders/commands/place-order.command';
import { Database } from '../../src/platform/database/database';
import { Environment } from '../../src/platform/environment';
import { Life, Send, World } from '../../src/platform/testing/simulation';
import { JoinWaitingList } from '../../src/waiting-list/commands/join-waiting-list.command';
import { Bookshelf } from './bookshelf';
import { address, alice, gatsby } from './client';
import { databaseIn } from './database';
import { newFolder, removeFolder } from './shop-process';

/** Sends nothing, in its own good time. */
class SimulatedMailer extends Mailer {
  constructor(private readonly life: Life) {
    super();
  }

  protected async deliver({ messageId }: Mail): Promise<void> {
    await this.life.outside('a mail', async () => messageId);
  }
}

/** The whole shop as a world to simulate: three people who add books, order, confirm, cancel and count. */
export class SimulatedShop implements World {
  private readonly folder = newFolder();
  private readonly empty = join(this.folder, 'empty.db');
  private home = '';
  private homes = 0;

  /** @param providers reactions that exist in this world only */
  private constructor(private readonly providers: Provider[]) {}

  /** Makes an empty shop to begin each run with. */
  static async make(providers: Provider[] = []): Promise<SimulatedShop> {
    const world = new SimulatedShop(providers);
    const shop = await Bookshelf.start({ providers, folder: world.folder });
    await shop.stop();
    copyFileSync(join(world.folder, 'shop.db'), world.empty);
    return world;
  }

  remove(): void {
    removeFolder(this.folder);
  }

  people(send: Send, random: () => number) {
    const books: string[] = [];
    const orders: string[] = [];
    let readers = 0;
    const oneOf = (list: readonly string[]) => list[Math.floor(random() * list.length)];
    const act = async () => {
      const dice = random();
      const [book, order, much] = [oneOf(books), oneOf(orders), 1 + Math.floor(random() * 3)];
      if (!book || dice < 0.25) {
        const price = { amount: 1299, currency: 'USD' };
        // Every other one should be out by now, so the timer is at work beside all else.
        const publishAt = books.length % 2 ? new Date(0) : undefined;
        const id = await send<string>(new AddBook({ title: gatsby.title, author: gatsby.author, price, publishAt }));
        if (id) books.push(id);
      } else if (!order || dice < 0.6) {
        const wish = { customer: alice, shippingAddress: address, items: [{ bookId: book, quantity: much }] };
        const id = await send<string>(new PlaceOrder(wish));
        if (id) orders.push(id);
      } else if (dice < 0.75) await send(new CancelOrder(order, 'changed my mind'));
      else if (dice < 0.9) await send(new ConfirmOrder(order));
      else if (dice < 0.94) await send(new AdjustStock(book, much, 'counted'));
      else if (dice < 0.97) await send(new JoinWaitingList(book, `reader${++readers}@example.com`));
      else await send(new PublishBook(book));
    };
    return [4, 4, 4].map((deeds) => async () => {
      for (let done = 0; done < deeds; done++) await act();
    });
  }

  begin(): void {
    if (this.home) rmSync(this.home, { recursive: true, force: true });
    this.home = join(this.folder, `run-${++this.homes}`);
    mkdirSync(this.home);
    copyFileSync(this.empty, join(this.home, 'shop.db'));
  }

  async open(life: Life) {
    const module = await Test.createTestingModule({ imports: [AppModule], providers: this.providers })
      .overrideProvider(Environment)
      .useValue(new Environment({ DATABASE_URL: databaseIn(this.home) }))
      .overrideProvider(Clock)
      .useValue(life.clock)
      .overrideProvider(Mailer)
      .useValue(new SimulatedMailer(life))
      .compile();
    const database = module.get(Database, { strict: false });
    // A process that dies takes nothing with it that it has handed to the system.
    await database.writer.exec('PRAGMA synchronous = OFF');
    life.watch(database);
    await module.init();
    return {
      get: <T>(token: abstract new (...args: never[]) => T): T => module.get<T>(token, { strict: false }),
      close: () => module.close(),
    };
  }
}

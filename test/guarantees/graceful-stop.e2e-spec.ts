import { readdir } from 'node:fs/promises';
import { connect, Socket } from 'node:net';
import { once } from 'node:events';
import { Doctor } from '../../src/platform/invariants/doctor';
import { Bookshelf } from '../support/bookshelf';
import { isOnPostgres } from '../support/database';
import { Client } from '../support/client';
import { seeded } from '../../src/kernel/random';
import { End, newFolder, removeFolder, ShopProcess } from '../support/shop-process';
import { Trading } from '../support/trading';

const DEADLINE = 10_000;

describe('Asked to stop, the shop ends cleanly and soon', () => {
  let folder: string;
  let shop: ShopProcess;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    folder = newFolder();
    shop = await ShopProcess.start({ folder });
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await shop.kill();
    removeFolder(folder);
  });

  async function connection(...bytes: string[]): Promise<void> {
    const socket = connect(Number(new URL(shop.url).port), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    for (const text of bytes) socket.write(text);
    sockets.push(socket);
  }

  /** Asks the shop to stop, and gives up on it after ten seconds. */
  async function stop(): Promise<End | 'still running'> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'still running'>((resolve) => {
      timer = setTimeout(resolve, DEADLINE, 'still running');
    });
    const end = await Promise.race([shop.stop(), late]);
    clearTimeout(timer);
    return end;
  }

  it('whatever its clients leave open or half said', async () => {
    const head = (path: string, type: string) =>
      `POST ${path} HTTP/1.1\r\nHost: shop\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`;
    await connection();
    await connection('GET /books HTTP/1.1\r\nHost:');
    await connection(head('/books', 'application/json'), '{"title":');
    await connection(head('/books/import?price=1', 'text/csv'), 'title,author\nEmma,');
    // An answer shows that those before it have arrived.
    await shop.http().get('/health/ready').expect(200);
    expect(await stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('in the middle of trading: who was answered can rely on it, and nothing is half done', async () => {
    const trading = new Trading(seeded(1));
    const crowd = trading.run(shop.url, 16);
    await shop.until('something was sold', () => trading.acknowledged.orders.size > 30);
    expect(await stop()).toEqual({ code: null, signal: 'SIGTERM' });
    await crowd;
    const again = await Bookshelf.start({ folder });
    try {
      await again.settle();
      const stored = await again.rows<{ id: string }>('SELECT id FROM orders_order');
      const known = new Set(stored.map(({ id }) => id));
      expect([...trading.acknowledged.orders.keys()].filter((id) => !known.has(id))).toEqual([]);
      expect(await again.get(Doctor).examine()).toEqual([]);
    } finally {
      await again.close();
    }
  });

  it('and leaves nothing behind but its database', async () => {
    await new Client(shop).addBook();
    expect(await readdir(folder)).toContainEqual(expect.stringContaining('-started-'));
    await stop();
    expect(await readdir(folder)).toEqual(isOnPostgres() ? [] : ['shop.db']);
  });
});

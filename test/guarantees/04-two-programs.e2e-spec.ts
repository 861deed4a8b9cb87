import { Bookshelf } from '../support/bookshelf';
import { Client } from '../support/client';

const ROUNDS = 10;

describe('Nothing is lost, and nothing happens twice, when two programs share a database', () => {
  it('whichever of them stores an event, and whichever hands it on', async () => {
    const one = await Bookshelf.start();
    const other = await Bookshelf.start({ folder: one.folder });
    const [here, there] = [new Client(one), new Client(other)];
    const books: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // In turns, and at the same time.
      books.push(await here.addBook(), await there.addBook());
      books.push(...(await Promise.all([here.addBook(), there.addBook(), here.addBook()])));
    }
    await one.settle();
    await other.settle();
    const opened = await one.rows<{ bookId: string }>(
      `SELECT book_id AS "bookId" FROM inventory_movement WHERE kind = 'opened'`,
    );
    expect(opened.map(({ bookId }) => bookId).sort()).toEqual([...books].sort());
    const inStock = await one.rows<{ bookId: string }>(`SELECT book_id AS "bookId" FROM catalog_browse WHERE in_stock`);
    expect(inStock.map(({ bookId }) => bookId).sort()).toEqual([...books].sort());
    await other.stop();
    await one.close();
  });
});

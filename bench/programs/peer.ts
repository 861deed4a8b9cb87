import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { AddBookRequest } from '../../src/catalog/catalog.requests';
import { Book } from '../../src/catalog/model/book';
import type { Reply } from '../../src/platform/http/reply';
import { installed } from '../installed';
import { bookRow } from './stored';

/** As much of `pg` as is used here, which is installed apart from the project. */
export interface Client {
  query(sql: string | { name: string; text: string; values: unknown[] }, values?: unknown[]): Promise<Result>;
}

interface Result {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

interface Pool extends Client {
  connect(): Promise<Client & { release(): void }>;
}

/** What follows from a book. */
export interface OpenStock {
  readonly bookId: string;
  readonly title: string;
}

export const DATABASE_URL = process.env.DATABASE_URL!;

const { Pool } = installed('pg') as { Pool: new (config: { connectionString: string; max: number }) => Pool };

/**
 * Connections for the commands, and as many for the delivery. All peers together stay below the hundred that PostgreSQL
 * takes by default.
 */
export const CONNECTIONS = 10;

export const pool = new Pool({ connectionString: DATABASE_URL, max: CONNECTIONS });

/** A way to have an inventory record follow from a book for sure. */
export abstract class Peer {
  inventories = 0;

  /** Stores a book, and what has to follow from it, in one transaction. */
  abstract add(book: Book): Promise<void>;

  /** Opens the stock of these books, and counts it. */
  protected async openStock(client: Client, books: readonly OpenStock[]): Promise<void> {
    const inserted = await insertInventories(client, books);
    this.inventories += inserted;
  }
}

@Controller()
export class PeerController {
  private books = 0;

  constructor(private readonly peer: Peer) {}

  @Post('books')
  async add(
    @Body() { price, ...description }: AddBookRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ id: string }> {
    const book = Book.add({ id: uuidv7(), ...description, price: price.toMoney(), addedAt: new Date() });
    await this.peer.add(book);
    this.books++;
    void reply.header('location', `/books/${book.id}`);
    return { id: book.id };
  }

  @Get('count')
  count(): { books: number; inventories: number } {
    return { books: this.books, inventories: this.peer.inventories };
  }
}

/** Makes the tables of books and of inventory records, as much like the shop's as PostgreSQL's types are. */
export async function makeTables(): Promise<void> {
  await pool.query(`
    CREATE TABLE catalog_book (
      id uuid PRIMARY KEY, version integer NOT NULL, title text NOT NULL, author text NOT NULL, isbn text UNIQUE,
      price_amount integer NOT NULL, price_currency text NOT NULL, description text, publish_at timestamptz,
      status text NOT NULL, added_at timestamptz NOT NULL, reference text UNIQUE);
    CREATE TABLE inventory_stock (
      book_id uuid PRIMARY KEY, version integer NOT NULL, title text NOT NULL, quantity integer NOT NULL,
      reserved integer NOT NULL)`);
}

export async function transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

export async function insertBook(client: Client, book: Book): Promise<void> {
  const row = bookRow(book);
  await client.query({
    name: 'insert-book',
    text: `INSERT INTO catalog_book (id, version, title, author, isbn, price_amount, price_currency, description,
                                     publish_at, status, added_at, reference)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    values: [
      row.id,
      row.version,
      row.title,
      row.author,
      row.isbn,
      row.priceAmount,
      row.priceCurrency,
      row.description,
      row.publishAt,
      row.status,
      row.addedAt,
      row.reference,
    ],
  });
}

/** @returns how many there were to insert: a book that has its inventory record keeps it */
async function insertInventories(client: Client, books: readonly OpenStock[]): Promise<number> {
  const { rowCount } = await client.query({
    name: 'insert-inventories',
    text: `INSERT INTO inventory_stock (book_id, version, title, quantity, reserved)
           SELECT book_id, 1, title, 10, 0 FROM unnest($1::uuid[], $2::text[]) AS added (book_id, title)
           ON CONFLICT DO NOTHING`,
    values: [books.map(({ bookId }) => bookId), books.map(({ title }) => title)],
  });
  return rowCount ?? 0;
}

export const openStockOf = (book: Book): OpenStock => ({ bookId: book.id, title: book.snapshot().title });

import { Injectable } from '@nestjs/common';
import { Due } from '../../platform/schedule/alarm';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { Book, BookState } from '../model/book';
import { BookAlreadyInCatalog, BookNotFound } from '../model/catalog.errors';
import { BookTable } from './book.table';

/** The place of a book's events in the log. */
export const streamOf = (id: string) => `catalog.book/${id}`;

@Injectable()
export class BookRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** @throws BookNotFound */
  async get(id: string): Promise<Book> {
    const row = await this.work.find(BookTable, id);
    if (!row) throw new BookNotFound(id);
    return this.work.track(toBook(row), streamOf(id), row.version);
  }

  /** Whether a book with this ISBN, or with this key of a supplier's list, is stored. */
  async isInCatalog({ isbn, reference }: Pick<BookState, 'isbn' | 'reference'>): Promise<boolean> {
    const found = await this.work.query(
      `SELECT 1 FROM catalog_book WHERE isbn = $1 UNION ALL SELECT 1 FROM catalog_book WHERE reference = $2 LIMIT 1`,
      [isbn ?? null, reference ?? null],
    );
    return found.length > 0;
  }

  /** @returns the first books that are to be published at a moment, those that should be out already before all others */
  async planned(limit: number, except: readonly string[]): Promise<Due[]> {
    const found = await this.work.query<{ id: string; publishAt: string }>(
      `SELECT id, publish_at AS "publishAt" FROM catalog_book
        WHERE publish_at IS NOT NULL AND status = 'ADDED' AND id NOT IN (SELECT value FROM json_each($1))
        ORDER BY publish_at LIMIT $2`,
      [JSON.stringify(except), limit],
    );
    return found.map(({ id, publishAt }) => ({ id, at: new Date(publishAt) }));
  }

  /** @returns how many books wait for somebody to publish them, as no moment is set for it, and the last of them */
  async countDrafts(): Promise<{ count: number; last?: string }> {
    const [{ count, last }] = await this.work.query<{ count: number; last: string | null }>(
      `SELECT count(*) AS count, max(id) AS last FROM catalog_book
        WHERE publish_at IS NULL AND status = 'ADDED' AND id > ''`,
    );
    return { count, last: last ?? undefined };
  }

  /** @returns the ids of the next of them, in order, behind the one and up to the other */
  async drafts(after: string, upTo: string, limit: number): Promise<string[]> {
    const found = await this.work.query<{ id: string }>(
      `SELECT id FROM catalog_book
        WHERE publish_at IS NULL AND status = 'ADDED' AND id > $1 AND id <= $2 ORDER BY id LIMIT $3`,
      [after, upTo, limit],
    );
    return found.map(({ id }) => id);
  }

  /** @throws BookAlreadyInCatalog when another book has the same ISBN, or the same key of a supplier's list */
  async save(book: Book): Promise<void> {
    const { price, publishAt, addedAt, ...state } = book.snapshot();
    const row = {
      ...state,
      priceAmount: price.amount,
      priceCurrency: price.currency,
      publishAt: publishAt?.toISOString(),
      addedAt: addedAt.toISOString(),
    };
    const { isbn, reference } = state;
    this.work.save(book, streamOf(book.id), BookTable, row, () =>
      isbn ? new BookAlreadyInCatalog('isbn', isbn) : new BookAlreadyInCatalog('reference', reference!),
    );
  }
}

const toBook = ({ priceAmount, priceCurrency, publishAt, addedAt, version: _, ...state }: BookTable): Book =>
  Book.restore({
    ...state,
    price: { amount: priceAmount, currency: priceCurrency },
    publishAt: publishAt ? new Date(publishAt) : undefined,
    addedAt: new Date(addedAt),
  });

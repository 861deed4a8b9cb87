import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { AwaitedBook } from '../model/awaited-book';
import { BookNotFound } from '../model/waiting-list.errors';
import { AwaitedBookTable } from './awaited-book.table';

/** The place of the events of a book's waiting list in the log. */
const streamOf = (bookId: string) => `waiting-list.book/${bookId}`;

@Injectable()
export class AwaitedBookRepository {
  constructor(private readonly work: UnitOfWork) {}

  async find(bookId: string): Promise<AwaitedBook | undefined> {
    const row = await this.work.find(AwaitedBookTable, bookId);
    if (!row) return undefined;
    const { version, ...state } = row;
    return this.work.track(AwaitedBook.restore(state), streamOf(bookId), version);
  }

  /** @throws BookNotFound */
  async get(bookId: string): Promise<AwaitedBook> {
    const book = await this.find(bookId);
    if (!book) throw new BookNotFound(bookId);
    return book;
  }

  async save(book: AwaitedBook): Promise<void> {
    const state = book.snapshot();
    this.work.save(book, streamOf(state.bookId), AwaitedBookTable, state);
  }
}

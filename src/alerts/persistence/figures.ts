import { Injectable } from '@nestjs/common';
import { daysBefore } from '../../kernel/day';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { Reading } from '../model/metric';
import { Rule } from '../model/rule';
import { CopiesTable, MinuteTable, RevenueTable } from './figures.table';

const MINUTES = 60;

const MS_PER_MINUTE = 60_000;

const PLACES = Array.from({ length: MINUTES }, (_, place) => place);

/** A book that was looked at, to go on behind it. */
export interface Place {
  readonly available: number;
  readonly bookId: string;
}

const minuteOf = (moment: Date): number => Math.floor(moment.getTime() / MS_PER_MINUTE);

/** What alerts have noted of the shop's events: copies, orders and revenue. Inside a unit of work. */
@Injectable()
export class Figures {
  constructor(private readonly work: UnitOfWork) {}

  /** Notes how many copies of a book can be bought. */
  noteCopies(bookId: string, available: number): void {
    this.work.change(CopiesTable, bookId, { available });
  }

  /** Notes that there is a book. Its withdrawal may have been heard of before. */
  async noteBook(book: { readonly bookId: string; readonly title: string; readonly available: number }): Promise<void> {
    const isWithdrawn = (await this.work.find(CopiesTable, book.bookId))?.isWithdrawn ?? false;
    const { bookId, title, available } = book;
    this.work.put(CopiesTable, { bookId, title, available, isWithdrawn });
  }

  /** Notes that a book is not sold any more. */
  async noteWithdrawal(bookId: string): Promise<void> {
    const known = await this.work.find(CopiesTable, bookId);
    this.work.put(CopiesTable, { bookId, available: 0, ...known, isWithdrawn: true });
  }

  /** @returns the copies of one book; nothing where it is not sold, or not known */
  async copiesOf(bookId: string): Promise<Reading[]> {
    const row = await this.work.find(CopiesTable, bookId);
    return row && !row.isWithdrawn ? [toReading(row)] : [];
  }

  /**
   * The books whose copies cross the threshold of a rule that has no alert about them, ordered by copies and id.
   * @param after the last one that was seen; from the first one where it is missing
   * @returns at most so many
   */
  async crossing(rule: Rule, after: Place | undefined, limit: number): Promise<Reading[]> {
    const { comparison, threshold } = rule.snapshot();
    const isBelow = comparison === 'below';
    const first = after ?? { available: isBelow ? 0 : threshold + 1, bookId: '' };
    const rows = await this.work.query<CopiesTable>(
      `SELECT book_id AS "bookId", title, available FROM alerts_copies copies
        WHERE available < $1 AND (available, book_id) > ($2, $3) AND NOT is_withdrawn AND NOT EXISTS (
          SELECT 1 FROM alerts_alert alert
           WHERE alert.rule_id = $4 AND alert.subject = copies.book_id AND alert.status = 'open')
        ORDER BY available, book_id LIMIT $5`,
      [isBelow ? threshold : Number.MAX_SAFE_INTEGER, first.available, first.bookId, rule.id, limit],
    );
    return rows.map(toReading);
  }

  /** Counts an order in the minute in which it was placed. */
  async countOrder(placedAt: Date): Promise<void> {
    const minute = minuteOf(placedAt);
    const place = minute % MINUTES;
    const row = await this.work.find(MinuteTable, place);
    // Nobody asks any more for what is an hour older than what is there.
    if (row && row.minute > minute) return;
    this.work.put(MinuteTable, { place, minute, orders: row?.minute === minute ? row.orders + 1 : 1 });
  }

  /** @returns how many orders were placed in the hour that ends now: in the present minute and the 59 before it */
  async ordersInHour(now: Date): Promise<Reading[]> {
    const present = minuteOf(now);
    const rows = await this.work.findMany(MinuteTable, PLACES);
    const inHour = rows.filter(({ minute }) => minute > present - MINUTES && minute <= present);
    const value = inHour.reduce((sum, { orders }) => sum + orders, 0);
    return [{ metric: 'orders-per-hour', subject: '', value }];
  }

  /** Adds to what was paid on a day, or takes from it. */
  async addRevenue(day: string, currency: string, amount: number): Promise<void> {
    const before = (await this.work.find(RevenueTable, [day, currency]))?.amount ?? 0;
    this.work.put(RevenueTable, { day, currency, amount: before + amount });
  }

  /** @returns what was paid in each of these currencies, today so far and on the day before */
  async revenueOf(currencies: readonly string[], today: string): Promise<Reading[]> {
    const days = [today, daysBefore(today, 1)];
    const keys = currencies.flatMap((currency) => days.map((day) => [day, currency]));
    const rows = await this.work.findMany(RevenueTable, keys);
    const known = new Map(rows.map(({ day, currency, amount }) => [`${day} ${currency}`, amount]));
    return keys.map(([date, currency]) => ({
      metric: 'revenue-per-day',
      subject: currency,
      value: known.get(`${date} ${currency}`) ?? 0,
      day: { date, isOver: date !== today },
    }));
  }
}

const toReading = ({ bookId, title, available }: CopiesTable): Reading => ({
  metric: 'available-copies',
  subject: bookId,
  title: title ?? undefined,
  value: available,
});

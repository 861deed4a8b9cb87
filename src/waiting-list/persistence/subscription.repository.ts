import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { VersionConflict } from '../../platform/unit-of-work/write-set';
import { Subscription } from '../model/subscription';
import { SubscriptionNotFound } from '../model/waiting-list.errors';
import { SubscriptionTable } from './subscription.table';

/** The place of a subscription's events in the log. */
export const streamOf = (id: string) => `waiting-list.subscription/${id}`;

@Injectable()
export class SubscriptionRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** @param id of a subscription to this book. @throws SubscriptionNotFound */
  async get(bookId: string, id: string): Promise<Subscription> {
    const row = await this.work.find(SubscriptionTable, id);
    if (row?.bookId !== bookId) throw new SubscriptionNotFound(id);
    return this.tracked(row);
  }

  /** @returns the subscription of a person to a book; a new one for whoever has never waited for it */
  async of(bookId: string, address: string): Promise<Subscription> {
    const email = address.toLowerCase();
    const [known] = await this.work.query<{ id: string }>(
      'SELECT id FROM waiting_list_subscription WHERE book_id = $1 AND email = $2',
      [bookId, email],
    );
    return known ? this.get(bookId, known.id) : Subscription.of({ id: newId(), bookId, email });
  }

  /** @returns up to `limit` of those who wait for a call of a book, in the order in which they have joined */
  async waitingFor(bookId: string, call: number, limit: number): Promise<Subscription[]> {
    const next = await this.work.query<{ id: string }>(
      `SELECT id FROM waiting_list_subscription
        WHERE book_id = $1 AND call = $2 AND call IS NOT NULL ORDER BY since LIMIT $3`,
      [bookId, call, limit],
    );
    const ids = next.map(({ id }) => id);
    const rows = new Map((await this.work.findMany(SubscriptionTable, ids)).map((row) => [row.id, row]));
    return ids.map((id) => this.tracked(rows.get(id)!));
  }

  async save(subscription: Subscription): Promise<void> {
    const { wait, ...person } = subscription.snapshot();
    const row = { ...person, waitsFor: wait?.for, call: wait?.call, since: wait?.since.toISOString() };
    // The same person has joined at the same moment: whoever loads again finds the subscription there.
    const isThere = () => new VersionConflict('waiting_list_subscription');
    this.work.save(subscription, streamOf(person.id), SubscriptionTable, row, isThere);
  }

  private tracked({ id, bookId, email, waitsFor, call, since, version }: SubscriptionTable): Subscription {
    const wait = waitsFor && call && since ? { for: waitsFor, call, since: new Date(since) } : undefined;
    return this.work.track(Subscription.restore({ id, bookId, email, wait }), streamOf(id), version);
  }
}

import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import { UnitOfWork } from '../../platform/unit-of-work/unit-of-work';
import { PointsAccount } from '../model/points-account';
import { PointsAccountTable, PointsEntryTable } from './points-account.table';

/** The place of an account's events in the log. */
export const streamOf = (email: string) => `loyalty.account/${email}`;

@Injectable()
export class PointsAccountRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @returns the account of a customer; a new one for whoever has none yet */
  async of(address: string): Promise<PointsAccount> {
    const email = address.toLowerCase();
    const row = await this.work.find(PointsAccountTable, email);
    if (!row) return PointsAccount.open(email);
    return this.work.track(PointsAccount.restore({ email, points: row.points }), streamOf(email), row.version);
  }

  /** @returns the points that were awarded for an order; undefined when it has never had any */
  async awardedFor(orderId: string): Promise<number | undefined> {
    return (await this.work.find(PointsEntryTable, [orderId, 'awarded']))?.points;
  }

  /** Stores the account together with the lines of its ledger that are new. */
  async save(account: PointsAccount): Promise<void> {
    const { email } = account;
    this.work.save(account, streamOf(email), PointsAccountTable, account.snapshot());
    const madeAt = this.clock.now().toISOString();
    for (const entry of account.entries) this.work.insert(PointsEntryTable, { ...entry, id: newId(), email, madeAt });
  }
}

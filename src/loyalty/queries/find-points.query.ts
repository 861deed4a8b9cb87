import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { PointsAccountNotFound } from '../model/loyalty.errors';
import { PointsEntry } from '../model/points-account';

/** A line of the ledger: how many points came or went, and with which order. */
export interface PointsOnRecord extends PointsEntry {
  readonly id: string;
  /** RFC 3339. */
  readonly madeAt: string;
}

/** What a customer has, and a page of the ledger that it is the sum of. */
export interface Points extends Page<PointsOnRecord> {
  readonly email: string;
  readonly points: number;
}

/** The points of a customer with the ledger, oldest line first. */
export class FindPoints extends Query<Points> {
  constructor(
    /** However it is typed. */
    readonly email: string,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(FindPoints)
export class FindPointsHandler implements IQueryHandler<FindPoints> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws PointsAccountNotFound */
  async execute({ email: address, limit, cursor }: FindPoints): Promise<Points> {
    const email = address.toLowerCase();
    const [after] = cursor ? decodeCursor(cursor, ['string']) : [''];
    const account = await this.database.first<{ points: number }>(
      'SELECT points FROM loyalty_account WHERE email = $1',
      [email],
    );
    if (!account) throw new PointsAccountNotFound(email);
    const entries = await this.database.all<PointsOnRecord>(
      `SELECT id, kind, order_id AS "orderId", points, made_at AS "madeAt"
         FROM loyalty_entry WHERE email = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [email, after, limit + 1],
    );
    return { email, points: account.points, ...page(entries, limit, ({ id }) => [id]) };
  }
}

/** A customer has earned points with an order. */
export class PointsAwarded {
  static readonly type = 'loyalty.points-awarded';
  /** The customer's address, in lower case. */
  readonly email: string;
  readonly orderId: string;
  readonly points: number;
  /** All that the customer has now. */
  readonly balance: number;

  constructor(facts: PointsAwarded) {
    Object.assign(this, facts);
  }
}

/** The points that a customer had earned with an order are taken back, as the order was cancelled or returned. */
export class PointsRevoked {
  static readonly type = 'loyalty.points-revoked';
  /** The customer's address, in lower case. */
  readonly email: string;
  readonly orderId: string;
  readonly points: number;
  /** All that the customer has now. */
  readonly balance: number;

  constructor(facts: PointsRevoked) {
    Object.assign(this, facts);
  }
}

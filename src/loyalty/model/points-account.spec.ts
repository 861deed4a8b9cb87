import { PointsAwarded, PointsRevoked } from '../loyalty.events';
import { PointsAccount } from './points-account';

const EMAIL = 'alice@example.com';

describe('The points of a customer', () => {
  it.each([
    [2598, 'USD', 25],
    [99, 'USD', 0],
    [1500, 'JPY', 1500],
    [12_345, 'KWD', 12],
  ])('are one for each whole unit: %d in minor units of %s are %d', (amount, currency, points) => {
    const account = PointsAccount.open(EMAIL);
    account.award('order', { amount, currency });
    expect(account.snapshot()).toEqual({ email: EMAIL, points });
    expect(account.entries).toEqual([{ kind: 'awarded', orderId: 'order', points }]);
    expect(account.getUncommittedEvents()).toEqual([
      new PointsAwarded({ email: EMAIL, orderId: 'order', points, balance: points }),
    ]);
  });

  it('go back with the order that they were awarded for', () => {
    const account = PointsAccount.restore({ email: EMAIL, points: 40 });
    account.revoke('order', 25);
    expect(account.snapshot().points).toBe(15);
    expect(account.entries).toEqual([{ kind: 'revoked', orderId: 'order', points: -25 }]);
    expect(account.getUncommittedEvents()).toEqual([
      new PointsRevoked({ email: EMAIL, orderId: 'order', points: 25, balance: 15 }),
    ]);
  });
});

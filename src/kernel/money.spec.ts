import { moneyToDecimal } from './money';

describe('Money in major units', () => {
  it.each([
    [1299, 'USD', 12.99],
    [5, 'USD', 0.05],
    [0, 'USD', 0],
    [900, 'JPY', 900],
    [1, 'KWD', 0.001],
    [-1299, 'USD', -12.99],
    [-5, 'USD', -0.05],
    [-900, 'JPY', -900],
  ])('%d in minor units of %s is %d', (amount, currency, decimal) => {
    expect(moneyToDecimal({ amount, currency })).toEqual({ amount: decimal, currency });
  });
});

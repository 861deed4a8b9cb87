import { Invalid } from './domain-error';

/** An amount of money in minor units (cents, yen, fils) of an ISO 4217 currency. Always an integer. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** The largest amount that a single price may have, in minor units: leaves room for sums in safe integers. */
export const LARGEST_AMOUNT = 100_000_000_00;

const currencies: ReadonlyMap<string, number> = new Map(
  Intl.supportedValuesOf('currency').map((code) => [
    code,
    new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits ?? 2,
  ]),
);

/** How many decimals the currency has (USD 2, JPY 0, KWD 3), or undefined for an unknown one. */
export const decimalsOf = (currency: string): number | undefined => currencies.get(currency);

/**
 * Reads a decimal number as money, digit by digit: `1.005 * 100` is 100.49999999999999 in floating point.
 *
 * @param amount as a client writes it: 12.99 or "12.99"
 * @param path names the field in a complaint
 * @throws Invalid for an unknown currency, a negative or huge amount, or more decimals than the currency has
 */
export function moneyFromDecimal(amount: number | string, currency: string, path = 'price'): Money {
  const decimals = decimalsOf(currency);
  if (decimals === undefined) {
    throw new Invalid('currency-unknown', `${path}.currency`, 'must be an ISO 4217 currency code such as USD');
  }
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-])\d+)?$/.exec(String(amount));
  if (!match || (match[3] && typeof amount === 'string')) {
    throw new Invalid('amount-invalid', `${path}.amount`, 'must be a number that is not negative, such as 12.99');
  }
  const [, whole, decimal = '', exponent] = match;
  const fraction = decimal.replace(/0+$/, '');
  // JavaScript writes an exponent from 1e21 on, and below 0.000001.
  if (exponent === '-' || (!exponent && fraction.length > decimals)) {
    throw new Invalid(
      'amount-too-precise',
      `${path}.amount`,
      `must have at most ${decimals} decimals, as ${currency} has`,
    );
  }
  const minor = exponent ? Infinity : Number(whole + fraction.padEnd(decimals, '0'));
  if (minor > LARGEST_AMOUNT) {
    throw new Invalid('amount-too-large', `${path}.amount`, `must be at most ${LARGEST_AMOUNT / 10 ** decimals}`);
  }
  return { amount: minor, currency };
}

/** As a client reads it: `{ amount: 12.99, currency: 'USD' }`. Exact, as the digits are shifted and not divided. */
export function moneyToDecimal({ amount, currency }: Money): Money {
  const decimals = decimalsOf(currency) ?? 2;
  const digits = String(Math.abs(amount)).padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  const sign = amount < 0 ? '-' : '';
  return { amount: Number(`${sign}${digits.slice(0, cut)}.${digits.slice(cut)}`), currency };
}

/** How many whole units of the currency it is: 25 for 25.98 USD, 1500 for 1500 JPY. */
export const wholeUnits = ({ amount, currency }: Money): number =>
  Math.floor(amount / 10 ** (decimalsOf(currency) ?? 2));

/** `money`, `count` times. */
export const times = (money: Money, count: number): Money => ({ ...money, amount: money.amount * count });

/**
 * The sum of one or more amounts.
 * @throws Error when they are of different currencies: adding those is a mistake of the program, not of a caller
 */
export function sum(first: Money, ...others: readonly Money[]): Money {
  return others.reduce((total, money) => {
    if (money.currency !== total.currency) throw new Error(`cannot add ${money.currency} to ${total.currency}`);
    return { ...total, amount: total.amount + money.amount };
  }, first);
}

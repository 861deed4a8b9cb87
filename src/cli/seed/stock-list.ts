import type { BookDescription } from '../../catalog/model/book';
import { decimalsOf, type Money } from '../../kernel/money';
import { Dice } from './dice';
import { madeUp } from './titles';

/** A book as a list has it, which may not know what it costs. */
export type ListedBook = BookDescription & { readonly reference?: string; readonly price?: Money };

/** A book as the shop takes it in. */
export type NewBook = ListedBook & { readonly price: Money };

/** In which currency a listed book is priced whose list does not say it. */
const CURRENCIES = ['USD', 'USD', 'USD', 'USD', 'EUR', 'EUR', 'JPY'];

/** What paperbacks cost in whole units, hardbacks, and the few that are for looking at. */
const SHELVES: readonly [least: number, most: number][] = [
  [7, 15],
  [7, 15],
  [9, 19],
  [14, 29],
  [19, 39],
  [35, 80],
];

/** So many books with prices: those of the list, and where it is too short made-up ones. The same for the same seed. */
export function stockList(listed: readonly ListedBook[], count: number, seed: number): NewBook[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, (_, number) => {
    const book: ListedBook & { currency?: string } = listed[number] ?? madeUp(number - listed.length);
    const { currency = dice.oneOf(CURRENCIES), ...facts } = book;
    const price = priceIn(currency, dice);
    return { ...facts, price: facts.price ?? price };
  });
}

function priceIn(currency: string, dice: Dice): Money {
  const [least, most] = dice.oneOf(SHELVES);
  const amount = shaped(
    dice.between(least, most) * unitsPerDollar(currency),
    currency,
    dice.oneOf([99, 99, 49, 50, 0]),
  );
  return { amount, currency };
}

/** A price that is about `factor` times as high, in the shape that prices have. */
export function changed({ amount, currency }: Money, factor: number): Money {
  return { amount: shaped((amount * factor) / 10 ** decimals(currency), currency, 99), currency };
}

/** In minor units: 1299 for about 13 USD, 1480 for about 1,500 JPY. */
function shaped(units: number, currency: string, cents: number): number {
  if (decimals(currency) === 0) return Math.max(100, Math.round(units / 100) * 100 - 20);
  return Math.max(1, Math.floor(units)) * 100 + cents;
}

const decimals = (currency: string): number => decimalsOf(currency) ?? 2;

const unitsPerDollar = (currency: string): number => (decimals(currency) === 0 ? 120 : 1);

import { Invalid } from '../../kernel/domain-error';
import { LARGEST_AMOUNT, moneyFromDecimal, moneyToDecimal } from '../../kernel/money';
import type { Metric, Subject } from '../alerts.events';

/** What tells the values of a metric apart, by the name that callers give it; and the greatest value that it has. */
const SCALES: Readonly<
  Record<Metric, { readonly subject?: 'bookId' | 'currency' | 'reaction'; readonly most: number }>
> = {
  'available-copies': { subject: 'bookId', most: 1_000_000_000 },
  'orders-per-hour': { most: 1_000_000_000 },
  'revenue-per-day': { subject: 'currency', most: LARGEST_AMOUNT },
  // The platform counts no further.
  'reaction-lag': { subject: 'reaction', most: 10_000 },
  'dead-letters': { subject: 'reaction', most: 1_000_000_000 },
};

export const METRICS = Object.keys(SCALES) as readonly Metric[];

export const COMPARISONS = ['below', 'above'] as const;

/** Those that fall and rise without an event of the shop: with time alone, or with what reactions do. */
export const TIMED: readonly Metric[] = ['orders-per-hour', 'revenue-per-day', 'reaction-lag', 'dead-letters'];

/** What a metric was found to be. */
export interface Reading {
  readonly metric: Metric;
  /** The id of the book, the currency or the name of the reaction; empty where there is no more than one value. */
  readonly subject: string;
  readonly value: number;
  /** Of the book. */
  readonly title?: string;
  /** The UTC day that the value is of. One that is over counts against `below`, and one that is not against `above`. */
  readonly day?: { readonly date: string; readonly isOver: boolean };
}

/** The greatest value that the metric has. */
export const mostOf = (metric: Metric): number => SCALES[metric].most;

/**
 * What a rule of this metric is about, as a text to look it up by: empty where it watches each subject, or there is one
 * value. Revenue is of one currency, as 100 USD and 100 JPY are not the same: US dollars unless told otherwise.
 * @throws Invalid for a subject that the metric does not have
 */
export function subjectOf(metric: Metric, given: Subject): string {
  const { subject } = SCALES[metric];
  for (const name of ['bookId', 'currency', 'reaction'] as const) {
    if (name !== subject && given[name] !== undefined) {
      throw new Invalid('subject-of-other-metric', name, `must not be given with the metric ${metric}`);
    }
  }
  return (subject && given[subject]) ?? (metric === 'revenue-per-day' ? 'USD' : '');
}

/** The subject under its own name: `{ currency: 'USD' }`. */
export function named(metric: Metric, subject: string, title?: string): Subject {
  const name = SCALES[metric].subject;
  if (!name || subject === '') return {};
  return title === undefined ? { [name]: subject } : { [name]: subject, title };
}

/**
 * Takes a value as callers write it: revenue in major units, all else as a whole number.
 * @param path names the field in a complaint
 * @returns it as it is measured and stored: revenue in minor units
 * @throws Invalid for one that the metric never has
 */
export function valueFrom(metric: Metric, subject: string, value: number, path: string): number {
  if (metric === 'revenue-per-day') return minorUnits(value, subject, path);
  const { most } = SCALES[metric];
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Invalid('value-out-of-range', path, `must be a whole number from 0 to ${most}`);
}

/** The other way round: as callers read it. */
export const shown = (metric: Metric, subject: string, value: number): number =>
  metric === 'revenue-per-day' ? moneyToDecimal({ amount: value, currency: subject }).amount : value;

function minorUnits(value: number, currency: string, path: string): number {
  try {
    return moneyFromDecimal(value, currency, '').amount;
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    throw new Invalid(error.code, error.path === '.currency' ? 'currency' : path, error.rule);
  }
}

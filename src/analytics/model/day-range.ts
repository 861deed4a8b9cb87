import { daysBefore, daysBetween } from '../../kernel/day';
import { Invalid } from '../../kernel/domain-error';

/** The longest range that can be asked for: a leap year. */
export const MOST_DAYS = 366;

const DAYS_UNLESS_TOLD = 30;

/** From one day to another, both of them included. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/**
 * The range that somebody asks for. It ends today unless told otherwise, and has 30 days unless told otherwise.
 * @throws Invalid on `from` where it comes after the end, or too long before it
 */
export function dayRange(from: string | undefined, to: string | undefined, today: string): DayRange {
  const last = to ?? today;
  const first = from ?? daysBefore(last, DAYS_UNLESS_TOLD - 1);
  const days = daysBetween(first, last) + 1;
  if (days < 1) throw new Invalid('days-reversed', 'from', `must not come after the last day, ${last}`);
  if (days > MOST_DAYS) {
    throw new Invalid('days-too-many', 'from', `must be at most ${MOST_DAYS - 1} days before the last day, ${last}`);
  }
  return { from: first, to: last };
}

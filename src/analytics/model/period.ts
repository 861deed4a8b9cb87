import { isDay } from '../../kernel/day';
import { Invalid } from '../../kernel/domain-error';

export const ALL_TIME = 'all';

/** What is counted together: all time, and the year, the month and the day, as in 2026, 2026-11 and 2026-11-21. */
export const periodsOf = (day: string): readonly string[] => [ALL_TIME, day.slice(0, 4), day.slice(0, 7), day];

/**
 * The period that somebody asks for: all time unless told otherwise.
 * @throws Invalid for what is no year, month or day of the calendar
 */
export function periodFrom(text = ALL_TIME): string {
  const itsFirstDay = `${text}-01-01`.slice(0, 10);
  if (text === ALL_TIME || (text.length <= itsFirstDay.length && isDay(itsFirstDay))) return text;
  throw new Invalid(
    'period-invalid',
    'period',
    'must be a year, a month or a day, such as 2026, 2026-11 or 2026-11-21',
  );
}

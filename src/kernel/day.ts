const DAY = /^(?!0000)\d{4}-\d\d-\d\d$/;

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/**
 * The UTC day of a moment as text, 2026-12-24: days compare as text in the order in which they come.
 * @param moment RFC 3339 in UTC, as events have it
 */
export const dayOf = (moment: string): string => moment.slice(0, 10);

/** Whether this is a day that the calendar has, written as an RFC 3339 full-date: 2026-02-30 is none. */
export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const midnight = new Date(text);
  // Some impossible days are taken for the first ones of the next month.
  return !Number.isNaN(midnight.getTime()) && dayOf(midnight.toISOString()) === text;
}

/** The day so many days before this one. */
export const daysBefore = (day: string, count: number): string =>
  dayOf(new Date(Date.parse(day) - count * MS_PER_DAY).toISOString());

/** How many days lie between the two: 1 from a day to the next, negative where `last` comes before `first`. */
export const daysBetween = (first: string, last: string): number => (Date.parse(last) - Date.parse(first)) / MS_PER_DAY;

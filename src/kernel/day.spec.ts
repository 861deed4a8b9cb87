import { dayOf, daysBefore, daysBetween, isDay } from './day';

describe('A day', () => {
  it.each(['2026-01-01', '2026-12-31', '2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'])('may be %s', (day) => {
    expect(isDay(day)).toBe(true);
  });

  it.each([
    ...['', 'today', '2026', '2026-1-1', '20260101', '2026-01-01T00:00:00Z', ' 2026-01-01', '2026-01-01\n'],
    ...['2026-00-01', '2026-13-01', '2026-01-00', '2026-01-32', '2026-02-30', '2026-02-29', '1900-02-29', '2026-04-31'],
    ...['0000-01-01', '+002026-01-01', '-2026-01-01', '٢٠٢٦-٠١-٠١'],
  ])('is not %j', (text) => {
    expect(isDay(text)).toBe(false);
  });

  it('ends at midnight in UTC', () => {
    expect(['2026-01-01T23:59:59.999Z', '2026-01-02T00:00:00.000Z'].map(dayOf)).toEqual(['2026-01-01', '2026-01-02']);
  });

  it('has days before it, over the ends of months and years', () => {
    expect([daysBefore('2026-03-01', 1), daysBefore('2024-03-01', 1)]).toEqual(['2026-02-28', '2024-02-29']);
    expect([daysBefore('2026-01-01', 1), daysBefore('2026-01-30', 29)]).toEqual(['2025-12-31', '2026-01-01']);
    expect([daysBetween('2024-01-01', '2024-12-31'), daysBetween('2026-01-02', '2026-01-01')]).toEqual([365, -1]);
  });
});

import { Invalid } from '../../kernel/domain-error';
import { dayRange } from './day-range';

const TODAY = '2026-11-21';

describe('A range of days', () => {
  it.each([
    ['neither end is given', undefined, undefined, '2026-10-23', TODAY],
    ['only its first day is given', '2026-01-01', undefined, '2026-01-01', TODAY],
    ['only its last day is given', undefined, '2026-01-01', '2025-12-03', '2026-01-01'],
    ['both are given', '2026-01-01', '2026-01-31', '2026-01-01', '2026-01-31'],
    ['it is one day', TODAY, TODAY, TODAY, TODAY],
    ['it is a leap year', '2024-01-01', '2024-12-31', '2024-01-01', '2024-12-31'],
  ])('is plain when %s', (_, from, to, first, last) => {
    expect(dayRange(from, to, TODAY)).toEqual({ from: first, to: last });
  });

  it.each([
    ['2026-11-22', undefined, 'days-reversed', `must not come after the last day, ${TODAY}`],
    ['2026-02-01', '2026-01-31', 'days-reversed', 'must not come after the last day, 2026-01-31'],
    ['2025-11-20', undefined, 'days-too-many', `must be at most 365 days before the last day, ${TODAY}`],
  ])('from %s to %s is refused: %s', (from, to, code, rule) => {
    expect(() => dayRange(from, to, TODAY)).toThrow(Invalid);
    expect(() => dayRange(from, to, TODAY)).toThrow(expect.objectContaining({ code, path: 'from', rule }));
  });
});

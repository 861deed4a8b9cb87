import { Invalid } from '../../kernel/domain-error';
import { periodFrom, periodsOf } from './period';

describe('A period', () => {
  it('is all time, a year, a month or a day', () => {
    const periods = periodsOf('2026-11-21');
    expect(periods).toEqual(['all', '2026', '2026-11', '2026-11-21']);
    expect(periods.map(periodFrom)).toEqual(periods);
    expect(periodFrom(undefined)).toBe('all');
  });

  it.each([
    ...['', '-', '202', '20266', '2026-', '2026-1', '2026-00', '2026-13', '2026-11-', '2026-11-2', '2026-11-31'],
    ...['2026-11-211', '2026-02-29', '0000', '2026-11-21T', 'ALL', 'ever', '2026/11', '2026-W47'],
  ])('is not %j', (text) => {
    expect(() => periodFrom(text)).toThrow(Invalid);
    expect(() => periodFrom(text)).toThrow(expect.objectContaining({ code: 'period-invalid', path: 'period' }));
  });
});

import { Invalid } from '../../kernel/domain-error';
import { AlertCleared, AlertRaised, RuleActivated, RuleDrafted, RuleRetired } from '../alerts.events';
import { Alert } from './alert';
import { RuleStateForbids, TooManyRules } from './alerts.errors';
import { Reading } from './metric';
import { Draft, MOST_ACTIVE, Rule } from './rule';

const now = new Date('2026-01-05T10:00:00Z');
const book = '01890a5d-ac96-774b-bcce-b302099a8057';

const draft = (facts: Partial<Draft> = {}): Rule =>
  Rule.draft({
    ...{ id: 'rule', metric: 'available-copies', comparison: 'below', threshold: 3, draftedAt: now },
    ...facts,
  });

const active = (facts: Partial<Draft> = {}): Rule => {
  const rule = draft(facts);
  rule.activate(now, 0);
  return rule;
};

describe('A rule', () => {
  it('is drafted, watches, and is retired', () => {
    const rule = draft({ bookId: book });
    rule.activate(now, 0);
    rule.retire(new Date('2026-01-06T10:00:00Z'));
    const facts = {
      ruleId: 'rule',
      metric: 'available-copies',
      comparison: 'below',
      threshold: 3,
      clearAt: 4,
      subject: { bookId: book },
    } as const;
    expect(rule.getUncommittedEvents()).toEqual([
      new RuleDrafted(facts),
      new RuleActivated(facts),
      new RuleRetired(facts),
    ]);
    expect(rule.snapshot()).toMatchObject({ status: 'RETIRED', activatedAt: now });
  });

  it.each<[string, (rule: Rule) => void, string]>([
    ['retired as a draft', (rule) => rule.retire(now), 'rule rule cannot be retired: it is DRAFT'],
    [
      'activated twice',
      (rule) => {
        rule.activate(now, 0);
        rule.activate(now, 0);
      },
      'rule rule cannot be activated: it is ACTIVE',
    ],
    [
      'activated when it is retired',
      (rule) => {
        rule.activate(now, 0);
        rule.retire(now);
        rule.activate(now, 0);
      },
      'rule rule cannot be activated: it is RETIRED',
    ],
    [
      'retired twice',
      (rule) => {
        rule.activate(now, 0);
        rule.retire(now);
        rule.retire(now);
      },
      'rule rule cannot be retired: it is RETIRED',
    ],
  ])('cannot be %s', (_, move, message) => {
    expect(() => move(draft())).toThrow(RuleStateForbids);
    expect(() => move(draft())).toThrow(message);
  });

  it('is one of a thousand of its metric at most', () => {
    draft().activate(now, MOST_ACTIVE - 1);
    expect(() => draft().activate(now, MOST_ACTIVE)).toThrow(TooManyRules);
  });

  it.each<[Partial<Draft>, path: string, rule: string]>([
    [{ threshold: 0 }, 'threshold', 'must be at least 1, as it is never below 0'],
    [{ threshold: 2.5 }, 'threshold', 'must be a whole number from 0 to 1000000000'],
    [{ threshold: -1, comparison: 'above' }, 'threshold', 'must be a whole number from 0 to 1000000000'],
    [{ clearAt: 2 }, 'clearAt', 'must not be less than the threshold'],
    [{ clearAt: 4, comparison: 'above' }, 'clearAt', 'must not be greater than the threshold'],
    [{ clearAt: 3.5 }, 'clearAt', 'must be a whole number from 0 to 1000000000'],
    [{ currency: 'USD' }, 'currency', 'must not be given with the metric available-copies'],
    [{ metric: 'orders-per-hour', bookId: book }, 'bookId', 'must not be given with the metric orders-per-hour'],
    [{ metric: 'revenue-per-day', reaction: 'x' }, 'reaction', 'must not be given with the metric revenue-per-day'],
    [{ metric: 'revenue-per-day', threshold: 1.005 }, 'threshold', 'must have at most 2 decimals, as USD has'],
    [
      { metric: 'revenue-per-day', currency: 'JPY', threshold: 1.5 },
      'threshold',
      'must have at most 0 decimals, as JPY has',
    ],
    [{ metric: 'revenue-per-day', currency: 'XXQ' }, 'currency', 'must be an ISO 4217 currency code such as USD'],
    [
      { metric: 'reaction-lag', comparison: 'above', threshold: 10_000 },
      'threshold',
      'must be less than 10000, as it is never above that',
    ],
  ])('is refused with %j', (facts, path, rule) => {
    let refusal: unknown;
    try {
      draft(facts);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(Invalid);
    expect(refusal).toMatchObject({ path, rule });
  });

  it.each<[Partial<Draft>, threshold: number, clearAt: number]>([
    [{ threshold: 3 }, 3, 4],
    [{ threshold: 100 }, 100, 110],
    [{ threshold: 3, clearAt: 3 }, 3, 3],
    [{ comparison: 'above', threshold: 0 }, 0, 0],
    [{ comparison: 'above', threshold: 1 }, 1, 0],
    [{ comparison: 'above', threshold: 105 }, 105, 94],
    [{ metric: 'reaction-lag', comparison: 'below', threshold: 9_999 }, 9_999, 10_000],
    [{ metric: 'revenue-per-day', comparison: 'above', threshold: 99.99 }, 9_999, 8_999],
    [{ metric: 'revenue-per-day', threshold: 1000, currency: 'JPY' }, 1000, 1100],
    [{ metric: 'revenue-per-day', threshold: 0 }, 0, 1],
  ])('of %j has an end that is a tenth away, and at least one', (facts, threshold, clearAt) => {
    expect(draft(facts).snapshot()).toMatchObject({ threshold, clearAt });
  });

  it('about revenue is about US dollars unless told otherwise', () => {
    expect(draft({ metric: 'revenue-per-day' }).snapshot().subject).toBe('USD');
    expect(draft({ metric: 'revenue-per-day', currency: 'EUR' }).snapshot().subject).toBe('EUR');
  });
});

/** Tells a rule of one reading after another. @returns what each of them leads to */
function happenings(rule: Rule, readings: readonly Omit<Reading, 'metric' | 'subject'>[]): string[] {
  let alert: Alert | undefined;
  return readings.map((reading) => {
    const read: Reading = { metric: rule.snapshot().metric, subject: book, ...reading };
    const verdict = rule.judge(read, alert !== undefined);
    if (verdict === 'crossed') alert = Alert.raise('alert', rule, read, now);
    if (verdict === 'recovered') {
      alert!.clear('recovered', now, reading.value);
      alert = undefined;
    }
    return verdict === 'crossed' ? 'raised' : verdict === 'recovered' ? 'cleared' : '-';
  });
}

describe('An alert', () => {
  const series = (text: string) => text.split(' ').map((value) => ({ value: Number(value) }));

  it.each<[string, Partial<Draft>, values: string, happens: string]>([
    ['once for each crossing', { clearAt: 5 }, '9 3 2 1 0 1 2 3 4 5 9', '- - raised - - - - - - cleared -'],
    ['at once, where it begins beyond', { clearAt: 5 }, '2 2 5 5', 'raised - cleared -'],
    ['once, however the value trembles', { clearAt: 5 }, '3 2 3 2 4 2 3 4 2 4', '- raised - - - - - - - -'],
    ['again, after it was over', { clearAt: 5 }, '2 5 4 3 2 6', 'raised cleared - - raised cleared'],
    ['without a margin as often as the value crosses', { clearAt: 3 }, '3 2 3 2 3', '- raised cleared raised cleared'],
    ['and over with a single leap', { clearAt: 5 }, '1000 0 1000', '- raised cleared'],
    [
      'the other way round where it is above',
      { comparison: 'above', threshold: 10, clearAt: 7 },
      '10 11 10 8 11 7 10 11',
      '- raised - - - cleared - raised',
    ],
    ['of anything at all', { comparison: 'above', threshold: 0 }, '0 1 2 1 0 0 1', '- raised - - cleared - raised'],
  ])('is raised %s', (_, facts, values, happens) => {
    expect(happenings(active(facts), series(values)).join(' ')).toBe(happens);
  });

  it.each<[string, Partial<Draft>, days: [date: string, isOver: boolean, value: number][], happens: string]>([
    [
      'too much can be seen on the day, and is over with it',
      { comparison: 'above', threshold: 100, clearAt: 90 },
      [
        ['2026-01-05', false, 10_001],
        ['2026-01-05', false, 10_500],
        ['2026-01-05', true, 10_500],
        ['2026-01-06', false, 0],
      ],
      'raised - - cleared',
    ],
    [
      'too little can be seen when the day is over, and is over with a better day',
      { comparison: 'below', threshold: 100, clearAt: 110 },
      [
        ['2026-01-05', false, 0],
        ['2026-01-05', true, 9_999],
        ['2026-01-06', false, 0],
        ['2026-01-06', true, 10_999],
        ['2026-01-07', false, 11_000],
        ['2026-01-07', true, 11_000],
      ],
      '- raised - - - cleared',
    ],
    [
      'a day from before the rule is none of its business',
      { comparison: 'below', threshold: 100 },
      [
        ['2026-01-04', true, 0],
        ['2026-01-05', true, 0],
      ],
      '- raised',
    ],
  ])('about revenue: %s', (_, facts, days, happens) => {
    const readings = days.map(([date, isOver, value]) => ({ value, day: { date, isOver } }));
    expect(happenings(active({ metric: 'revenue-per-day', ...facts }), readings).join(' ')).toBe(happens);
  });

  it('tells what it is about, and how it came and went', () => {
    const reading: Reading = { metric: 'available-copies', subject: book, title: 'Emma', value: 2 };
    const alert = Alert.raise('alert', active(), reading, now);
    alert.clear('recovered', now, 7);
    alert.clear('rule-retired', now);
    const facts = {
      alertId: 'alert',
      ruleId: 'rule',
      metric: 'available-copies',
      comparison: 'below',
      threshold: 3,
      clearAt: 4,
      subject: { bookId: book, title: 'Emma' },
    } as const;
    expect(alert.getUncommittedEvents()).toEqual([
      new AlertRaised({ ...facts, value: 2 }),
      new AlertCleared({ ...facts, reason: 'recovered', value: 7 }),
    ]);
    expect(alert.snapshot()).toMatchObject({ status: 'cleared', value: 2, clearedValue: 7, reason: 'recovered' });
  });
});

import { AlertFacts, alertClearedLetter, alertRaisedLetter } from './alert-letters';

const copies: AlertFacts = {
  alertId: '7',
  ruleId: '1',
  metric: 'available-copies',
  comparison: 'below',
  threshold: 3,
  clearAt: 5,
  subject: { bookId: '42', title: 'Emma' },
};
const of = (metric: AlertFacts['metric'], subject: AlertFacts['subject']): AlertFacts => ({
  ...copies,
  metric,
  comparison: 'above',
  threshold: 1050,
  clearAt: 1000,
  subject,
});

describe('A letter about an alert', () => {
  it('reads like this when it is raised', () => {
    expect(alertRaisedLetter({ ...copies, value: 2 })).toMatchObject({
      subject: 'Alert: Copies of Emma: 2',
      text: `Hello,

Copies of Emma: 2, which is below 3. You will hear of it again when it is 5 or more.

Alert 7
  Rule 1

Your bookshelf
`,
    });
  });

  it.each<[AlertFacts, subject: string, text: string]>([
    [of('orders-per-hour', {}), 'Alert: Orders of an hour: 1100', '1100, which is above 1050.'],
    [
      of('revenue-per-day', { currency: 'USD' }),
      'Alert: Revenue of a day in USD: 11.00 USD',
      '11.00 USD, which is above 10.50 USD. You will hear of it again when it is 10.00 USD or less.',
    ],
    [of('revenue-per-day', { currency: 'JPY' }), 'Alert: Revenue of a day in JPY: 1100 JPY', 'above 1050 JPY'],
    [of('reaction-lag', { reaction: 'a.b' }), 'Alert: Events that wait for a.b: 1100', 'is above 1050'],
    [of('dead-letters', { reaction: 'a.b' }), 'Alert: Dead letters of a.b: 1100', 'is 1000 or less'],
  ])('says what it is about: %j', (alert, subject, text) => {
    const letter = alertRaisedLetter({ ...alert, value: 1100 });
    expect(letter.subject).toBe(subject);
    expect(letter.text).toContain(text);
  });

  it.each<[value: number | undefined, subject: string]>([
    [6, 'Over: Copies of Emma: 6 now'],
    [undefined, 'Over: Copies of Emma: not sold any more'],
  ])('says why it is over: with %p', (value, subject) => {
    const letter = alertClearedLetter({ ...copies, value });
    expect(letter.subject).toBe(subject);
    expect(letter.text).toContain('The alert is over.');
  });
});

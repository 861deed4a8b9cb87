import { Letter, letter } from './letter';
import { price } from './letters';

/** What a letter about an alert has to know; revenue in minor units. */
export interface AlertFacts {
  readonly alertId: string;
  readonly ruleId: string;
  readonly metric: 'available-copies' | 'orders-per-hour' | 'revenue-per-day' | 'reaction-lag' | 'dead-letters';
  readonly comparison: 'below' | 'above';
  readonly threshold: number;
  readonly clearAt: number;
  readonly subject: {
    readonly bookId?: string;
    readonly title?: string;
    readonly currency?: string;
    readonly reaction?: string;
  };
  readonly value?: number;
}

/** Tells staff that a value has crossed the threshold of a rule. */
export function alertRaisedLetter(alert: AlertFacts & { readonly value: number }): Letter {
  const { comparison, threshold, clearAt, value } = alert;
  const now = `${nameOf(alert)}: ${written(alert, value)}`;
  return toStaff(
    alert,
    `Alert: ${now}`,
    `${now}, which is ${comparison} ${written(alert, threshold)}. ` +
      `You will hear of it again when it is ${written(alert, clearAt)} or ${comparison === 'below' ? 'more' : 'less'}.`,
  );
}

/** Tells staff that an alert is over: as the value has come back or, where there is none, as the book is not sold any more. */
export function alertClearedLetter(alert: AlertFacts): Letter {
  const { value } = alert;
  const now = `${nameOf(alert)}: ${value === undefined ? 'not sold any more' : `${written(alert, value)} now`}`;
  return toStaff(alert, `Over: ${now}`, `${now}. The alert is over.`);
}

const toStaff = ({ alertId, ruleId }: AlertFacts, subject: string, message: string): Letter =>
  letter({ subject, message, details: { heading: `Alert ${alertId}`, lines: [`Rule ${ruleId}`] } });

function nameOf({ metric, subject: { title, bookId, currency, reaction } }: AlertFacts): string {
  switch (metric) {
    case 'available-copies':
      return `Copies of ${title ?? bookId}`;
    case 'orders-per-hour':
      return 'Orders of an hour';
    case 'revenue-per-day':
      return `Revenue of a day in ${currency}`;
    case 'reaction-lag':
      return `Events that wait for ${reaction}`;
    case 'dead-letters':
      return `Dead letters of ${reaction}`;
  }
}

const written = ({ subject: { currency } }: AlertFacts, value: number): string =>
  currency ? price({ amount: value, currency }) : String(value);

import { Day, PageQuery, Text } from '../platform/http/fields';

/** UTC days, both included: the last 30 unless told otherwise, and at most 366. */
export class SalesRequest extends PageQuery {
  @Day({ optional: true }) from?: string;
  @Day({ optional: true }) to?: string;
}

export class BestSellersRequest extends PageQuery {
  /** A year, a month or a day of UTC: 2026, 2026-11 or 2026-11-21. All time unless told otherwise. */
  @Text({ max: 10, optional: true }) period?: string;
}

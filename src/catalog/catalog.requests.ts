import { Moment, MoneyAmount, MoneyRequest, PageQuery, QueryFlag, Text } from '../platform/http/fields';

export class AddBookRequest {
  @Text({ max: 200 }) title: string;
  @Text({ max: 150 }) author: string;
  /** ISBN-10 or ISBN-13, with or without hyphens. */
  @Text({ max: 20, optional: true }) isbn?: string;
  @MoneyAmount() price: MoneyRequest;
  @Text({ max: 5000, multiline: true, optional: true }) description?: string;
  @Moment({ optional: true }) publishAt?: Date;
}

/** What is left out stays as it is. */
export class ReviseBookRequest {
  @Text({ max: 200, optional: true }) title?: string;
  @Text({ max: 150, optional: true }) author?: string;
  @Text({ max: 20, optional: true }) isbn?: string;
  @Text({ max: 5000, multiline: true, optional: true }) description?: string;
  @Moment({ optional: true }) publishAt?: Date;
}

export class RepriceBookRequest {
  @MoneyAmount() price: MoneyRequest;
}

export class WithdrawBookRequest {
  @Text({ max: 500, optional: true }) reason?: string;
}

export class BrowseBooksRequest extends PageQuery {
  @Text({ max: 200, optional: true }) search?: string;
  @Text({ max: 150, optional: true }) author?: string;
  @QueryFlag() inStock?: boolean;
}

import { Text, WholeNumber } from '../platform/http/fields';
import { MOST_COPIES } from './model/inventory';

export class AdjustStockRequest {
  /** Copies found (positive) or lost (negative). Not zero. */
  @WholeNumber({ min: -MOST_COPIES, max: MOST_COPIES }) amount: number;
  @Text({ max: 500 }) reason: string;
}

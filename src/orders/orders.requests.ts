import {
  Email,
  ListOf,
  MoneyAmount,
  MoneyRequest,
  Nested,
  OneOf,
  PageQuery,
  Text,
  Uuid,
  WholeNumber,
} from '../platform/http/fields';
import { MOST_COPIES_PER_LINE, MOST_LINES, ORDER_STATUSES, type OrderStatus } from './model/order';

export class CustomerRequest {
  @Text({ max: 150 }) name: string;
  @Email() email: string;
}

export class OrderLineRequest {
  @Uuid() bookId: string;
  @WholeNumber({ min: 1, max: MOST_COPIES_PER_LINE }) quantity: number;
}

export class PlaceOrderRequest {
  @Nested(() => CustomerRequest) customer: CustomerRequest;
  @Text({ max: 1000, multiline: true }) shippingAddress: string;
  @ListOf(() => OrderLineRequest, { min: 1, max: MOST_LINES }) items: OrderLineRequest[];
  @MoneyAmount({
    optional: true,
    description:
      'What the customer has been shown: the order is refused with 409 `price-changed` if it costs something else now',
  })
  expectedTotal?: MoneyRequest;
}

export class ShipOrderRequest {
  @Text({ max: 100 }) carrier: string;
  @Text({ max: 100 }) trackingNumber: string;
}

/** Why an order is cancelled or returned. */
export class ReasonRequest {
  @Text({ max: 500 }) reason: string;
}

export class BrowseOrdersRequest extends PageQuery {
  @OneOf(ORDER_STATUSES, { optional: true }) status?: OrderStatus;
  @Email({ optional: true }) email?: string;
}

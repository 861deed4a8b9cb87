import { MoneyAmount, MoneyRequest, Moment, OneOf, Text, Uuid } from '../platform/http/fields';

/** What the provider tells the shop. */
export class PaymentNoticeRequest {
  /** The provider's own name of the payment, the same however often it tells of it. */
  @Text({ max: 100 }) id: string;
  @OneOf(['payment.received']) type: string;
  @Uuid() orderId: string;
  @MoneyAmount() amount: MoneyRequest;
  @Moment({ optional: true }) receivedAt?: Date;
}

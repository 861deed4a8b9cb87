import { callOut } from '../../platform/unit-of-work/outside-only';

/** Money that is to go back to whoever has paid. */
export interface RefundOrder {
  /** The same whenever this refund is asked for: the provider gives money back once for each. */
  readonly key: string;
  readonly orderId: string;
  /** In minor units of its currency. */
  readonly amount: { readonly amount: number; readonly currency: string };
}

/** The provider that takes the customers' money, and gives it back. Which one it is, PAYMENT_PROVIDER_URL says. */
export abstract class PaymentProvider {
  /**
   * Resolves when the money has gone back, now or at an earlier call with the same key.
   *
   * @throws Unrecoverable when it has been refused for good
   * @throws Unavailable when the provider cannot be reached, which says nothing about the refund
   * @throws InsideUnitOfWork when a transaction is open
   */
  async refund(order: RefundOrder): Promise<void> {
    await callOut('money was given back', { ...order }, () => this.giveBack(order), undefined);
  }

  protected abstract giveBack(order: RefundOrder): Promise<void>;
}

import { NotFound, Refused, Unavailable, Unproven } from '../../kernel/domain-error';

/** Nothing is known of this order, and nothing has come for it. */
export class PaymentNotFound extends NotFound {
  constructor(orderId: string) {
    super('payment-not-found', `nothing is due for an order ${orderId}, and nothing has been paid`, { orderId });
  }
}

/** The provider has told something else of a payment before. */
export class PaymentToldOtherwise extends Refused {
  constructor(paymentId: string) {
    super('payment-told-otherwise', `payment ${paymentId} was told of before, with another order or amount`, {
      paymentId,
    });
  }
}

/** So much has come for an order that the shop has not heard of that it is no longer a matter of order. */
export class OrderNotHeardOf extends Unavailable {
  constructor(orderId: string) {
    super('order-not-heard-of', `there is no order ${orderId} yet, and many payments for it are waiting already`, 60);
  }
}

export type SignatureFault = 'missing' | 'malformed' | 'stale' | 'wrong';

const FAULTS: Readonly<Record<SignatureFault, string>> = {
  missing: 'there is no Payment-Signature',
  malformed: 'the Payment-Signature is not like t=<unix seconds>,v1=<64 hexadecimal digits>',
  stale: 'the Payment-Signature is more than five minutes off',
  wrong: 'the Payment-Signature was not made of this body with the secret of the shop',
};

/** The message does not prove to be the provider's. */
export class SignatureRefused extends Unproven {
  constructor(fault: SignatureFault) {
    super(`signature-${fault}`, FAULTS[fault]);
  }
}

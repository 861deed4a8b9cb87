import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { RecordPaymentHandler } from './commands/record-payment.command';
import { RecordRefundHandler } from './commands/record-refund.command';
import { paymentProvider } from './outside/payment-provider.provider';
import { PaymentsController } from './payments.controller';
import * as paymentsEvents from './payments.events';
import { WebhookSecret } from './payments.settings';
import { PAYMENTS_INVARIANTS } from './persistence/payments.invariants';
import { PaymentRepository, streamOf } from './persistence/payment.repository';
import { FindPaymentHandler } from './queries/find-payment.query';
import { ExpectPaymentOnOrderStep } from './reactions/expect-payment-on-order-step.reaction';
import { GiveBackOnRefundRequested } from './reactions/give-back-on-refund-requested.reaction';

@Module({
  controllers: [PaymentsController],
  providers: [
    publishes(paymentsEvents),
    explains('payment', streamOf),
    PAYMENTS_INVARIANTS,
    WebhookSecret.provider,
    PaymentRepository,
    paymentProvider,
    // commands
    RecordPaymentHandler,
    RecordRefundHandler,
    // queries
    FindPaymentHandler,
    // reactions
    ExpectPaymentOnOrderStep,
    GiveBackOnRefundRequested,
  ],
})
export class PaymentsModule {}

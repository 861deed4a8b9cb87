import { Body, Controller, Get, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdParam, PageQuery } from '../platform/http/fields';
import { RecordPayment } from './commands/record-payment.command';
import { SignedByProvider } from './outside/signed-by-provider';
import { PaymentNoticeRequest } from './payments.requests';
import { FindPayment, PaymentDetails } from './queries/find-payment.query';

@ApiTags('payments')
@Controller('payments')
export class PaymentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @HttpCode(202)
  @UseGuards(SignedByProvider)
  @ApiOperation({ summary: 'Takes note of money that the provider has for an order' })
  @ApiHeader({
    name: 'Payment-Signature',
    required: true,
    description: 't=<unix seconds>,v1=<hexadecimal HMAC-SHA256 over the seconds, a dot, and the bytes of the body>',
  })
  async receive(@Body() { id, orderId, amount, receivedAt }: PaymentNoticeRequest): Promise<void> {
    const payment = { paymentId: id, orderId, amount: amount.toMoney('amount'), receivedAt };
    await this.commands.execute(new RecordPayment(payment));
  }

  @Get(':orderId')
  @ApiOperation({ summary: 'Shows what is due, paid and refunded for an order, with the ledger, oldest line first' })
  find(@IdParam('orderId') orderId: string, @Query() { limit, cursor }: PageQuery): Promise<PaymentDetails> {
    return this.queries.execute(new FindPayment(orderId, limit, cursor));
  }
}

import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { IdParam } from '../platform/http/fields';
import { Page } from '../platform/http/page';
import type { Reply } from '../platform/http/reply';
import { CancelOrder } from './commands/cancel-order.command';
import { ConfirmOrder } from './commands/confirm-order.command';
import { DeliverOrder } from './commands/deliver-order.command';
import { PlaceOrder } from './commands/place-order.command';
import { ReturnOrder } from './commands/return-order.command';
import { ShipOrder } from './commands/ship-order.command';
import { BrowseOrdersRequest, PlaceOrderRequest, ReasonRequest, ShipOrderRequest } from './orders.requests';
import { BrowseOrders } from './queries/browse-orders.query';
import { FindOrder } from './queries/find-order.query';
import { FindTimeline, TimelineEntry } from './queries/find-timeline.query';
import { OrderDetails } from './queries/order-details';

@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  async place(
    @Body() { expectedTotal, ...wish }: PlaceOrderRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Pick<OrderDetails, 'id' | 'status' | 'total'>> {
    const id = await this.commands.execute(
      new PlaceOrder({ ...wish, expectedTotal: expectedTotal?.toMoney('expectedTotal') }),
    );
    const { status, total } = await this.queries.execute(new FindOrder(id));
    void reply.header('location', `/orders/${id}`);
    return { id, status, total };
  }

  @Get()
  browse(@Query() filter: BrowseOrdersRequest): Promise<Page<OrderDetails>> {
    return this.queries.execute(new BrowseOrders(filter));
  }

  @Get(':id')
  find(@IdParam('id') id: string): Promise<OrderDetails> {
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/confirm')
  @HttpCode(200)
  async confirm(@IdParam('id') id: string): Promise<OrderDetails> {
    await this.commands.execute(new ConfirmOrder(id));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/ship')
  @HttpCode(200)
  async ship(@IdParam('id') id: string, @Body() shipment: ShipOrderRequest): Promise<OrderDetails> {
    await this.commands.execute(new ShipOrder(id, shipment));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/deliver')
  @HttpCode(200)
  async deliver(@IdParam('id') id: string): Promise<OrderDetails> {
    await this.commands.execute(new DeliverOrder(id));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(@IdParam('id') id: string, @Body() { reason }: ReasonRequest): Promise<OrderDetails> {
    await this.commands.execute(new CancelOrder(id, reason));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/return')
  @HttpCode(200)
  async return(@IdParam('id') id: string, @Body() { reason }: ReasonRequest): Promise<OrderDetails> {
    await this.commands.execute(new ReturnOrder(id, reason));
    return this.queries.execute(new FindOrder(id));
  }

  @Get(':id/timeline')
  timeline(@IdParam('id') id: string): Promise<Page<TimelineEntry>> {
    return this.queries.execute(new FindTimeline(id));
  }
}

import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
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
  @ApiOperation({ summary: 'Orders books for a customer' })
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
  @ApiOperation({ summary: 'Lists orders in the order in which they were placed' })
  browse(@Query() filter: BrowseOrdersRequest): Promise<Page<OrderDetails>> {
    return this.queries.execute(new BrowseOrders(filter));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Shows an order with its books, its total and its status' })
  find(@IdParam('id') id: string): Promise<OrderDetails> {
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/confirm')
  @HttpCode(200)
  @ApiOperation({ summary: 'Accepts an order, so that it can be shipped' })
  async confirm(@IdParam('id') id: string): Promise<OrderDetails> {
    await this.commands.execute(new ConfirmOrder(id));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/ship')
  @HttpCode(200)
  @ApiOperation({ summary: 'Hands an order to the carrier' })
  async ship(@IdParam('id') id: string, @Body() shipment: ShipOrderRequest): Promise<OrderDetails> {
    await this.commands.execute(new ShipOrder(id, shipment));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/deliver')
  @HttpCode(200)
  @ApiOperation({ summary: 'Notes that an order has reached its customer' })
  async deliver(@IdParam('id') id: string): Promise<OrderDetails> {
    await this.commands.execute(new DeliverOrder(id));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Calls an order off, which is possible until it is shipped' })
  async cancel(@IdParam('id') id: string, @Body() { reason }: ReasonRequest): Promise<OrderDetails> {
    await this.commands.execute(new CancelOrder(id, reason));
    return this.queries.execute(new FindOrder(id));
  }

  @Post(':id/return')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes the books of a delivered order back' })
  async return(@IdParam('id') id: string, @Body() { reason }: ReasonRequest): Promise<OrderDetails> {
    await this.commands.execute(new ReturnOrder(id, reason));
    return this.queries.execute(new FindOrder(id));
  }

  @Get(':id/timeline')
  @ApiOperation({ summary: 'Tells what happened to an order, oldest first, and what became of it in each reaction' })
  timeline(@IdParam('id') id: string): Promise<Page<TimelineEntry>> {
    return this.queries.execute(new FindTimeline(id));
  }
}

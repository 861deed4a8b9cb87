import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { CancelOrderHandler } from './commands/cancel-order.command';
import { ConfirmOrderHandler } from './commands/confirm-order.command';
import { DeliverOrderHandler } from './commands/deliver-order.command';
import { PlaceOrderHandler } from './commands/place-order.command';
import { ReturnOrderHandler } from './commands/return-order.command';
import { ShipOrderHandler } from './commands/ship-order.command';
import { OrdersController } from './orders.controller';
import * as ordersEvents from './orders.events';
import { ORDERS_INVARIANTS } from './persistence/orders.invariants';
import { OrderRepository, streamOf } from './persistence/order.repository';
import { PriceList } from './persistence/price-list';
import { BrowseOrdersHandler } from './queries/browse-orders.query';
import { FindOrderHandler } from './queries/find-order.query';
import { FindTimelineHandler } from './queries/find-timeline.query';
import { ConfirmOnPaymentReceived } from './reactions/confirm-on-payment-received.reaction';
import { PriceListProjection } from './reactions/price-list.projection';

@Module({
  controllers: [OrdersController],
  providers: [
    publishes(ordersEvents),
    explains('order', streamOf),
    ORDERS_INVARIANTS,
    OrderRepository,
    PriceList,
    // commands
    PlaceOrderHandler,
    ConfirmOrderHandler,
    ShipOrderHandler,
    DeliverOrderHandler,
    CancelOrderHandler,
    ReturnOrderHandler,
    // queries
    FindOrderHandler,
    BrowseOrdersHandler,
    FindTimelineHandler,
    // reactions
    PriceListProjection,
    ConfirmOnPaymentReceived,
  ],
})
export class OrdersModule {}

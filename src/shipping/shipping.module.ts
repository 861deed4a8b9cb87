import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { ShipmentRepository, streamOf } from './persistence/shipment.repository';
import { SHIPPING_INVARIANTS } from './persistence/shipping.invariants';
import { BrowseShipmentsHandler } from './queries/browse-shipments.query';
import { FindShipmentHandler } from './queries/find-shipment.query';
import { PrepareShipmentOnOrderStep } from './reactions/prepare-shipment-on-order-step.reaction';
import { ShippingController } from './shipping.controller';
import * as shippingEvents from './shipping.events';

@Module({
  controllers: [ShippingController],
  providers: [
    publishes(shippingEvents),
    explains('shipment', streamOf, 'shipping.prepare-shipment'),
    SHIPPING_INVARIANTS,
    ShipmentRepository,
    // queries
    BrowseShipmentsHandler,
    FindShipmentHandler,
    // reactions
    PrepareShipmentOnOrderStep,
  ],
})
export class ShippingModule {}

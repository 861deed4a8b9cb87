import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdParam } from '../platform/http/fields';
import { Page } from '../platform/http/page';
import type { ShipmentState } from './model/shipment';
import { BrowseShipments } from './queries/browse-shipments.query';
import { FindShipment } from './queries/find-shipment.query';
import { BrowseShipmentsRequest } from './shipping.requests';

@ApiTags('shipping')
@Controller('shipments')
export class ShippingController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ApiOperation({ summary: 'Lists shipments in the order in which they were prepared' })
  browse(@Query() filter: BrowseShipmentsRequest): Promise<Page<ShipmentState>> {
    return this.queries.execute(new BrowseShipments(filter));
  }

  @Get(':orderId')
  @ApiOperation({ summary: 'Shows what is packed for an order, to whom it goes, and how far it is' })
  find(@IdParam('orderId') orderId: string): Promise<ShipmentState> {
    return this.queries.execute(new FindShipment(orderId));
  }
}

import { OneOf, PageQuery } from '../platform/http/fields';
import { SHIPMENT_STATUSES, type ShipmentStatus } from './model/shipment';

export class BrowseShipmentsRequest extends PageQuery {
  @OneOf(SHIPMENT_STATUSES, { optional: true }) status?: ShipmentStatus;
}

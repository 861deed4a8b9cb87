import { NotFound } from '../../kernel/domain-error';

/** There is no such order, or nothing of it was ever to be sent. */
export class ShipmentNotFound extends NotFound {
  constructor(orderId: string) {
    super('shipment-not-found', `there is no shipment of order ${orderId}`, { orderId });
  }
}

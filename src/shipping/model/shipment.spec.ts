import { ShipmentCalledOff, ShipmentPrepared } from '../shipping.events';
import { Shipment } from './shipment';

const parcel = {
  orderId: 'order',
  recipient: 'Alice Johnson',
  shippingAddress: '123 Main St',
  items: [{ bookId: 'gatsby', title: 'The Great Gatsby', quantity: 2 }],
};
const [FIRST, SECOND, THIRD, LAST] = [1, 2, 3, 4].map((day) => `2026-01-0${day}T00:00:00.000Z`);

/** A shipment that is on the packing list, and whose event is stored. */
function prepared(): Shipment {
  const shipment = Shipment.prepare(parcel, FIRST);
  shipment.uncommit();
  return shipment;
}

describe('A shipment', () => {
  it('is prepared with what is to be packed, and to whom it goes', () => {
    const shipment = Shipment.prepare(parcel, FIRST);
    expect(shipment.snapshot()).toEqual({ ...parcel, status: 'PREPARED', preparedAt: FIRST });
    expect(shipment.getUncommittedEvents()).toEqual([new ShipmentPrepared({ ...parcel, preparedAt: FIRST })]);
  });

  it('is shipped, delivered and returned, and keeps when', () => {
    const shipment = prepared();
    shipment.ship('UPS', '1Z999', SECOND);
    shipment.deliver(THIRD);
    shipment.takeBack(LAST);
    expect(shipment.snapshot()).toEqual({
      ...parcel,
      status: 'RETURNED',
      carrier: 'UPS',
      trackingNumber: '1Z999',
      preparedAt: FIRST,
      shippedAt: SECOND,
      deliveredAt: THIRD,
      returnedAt: LAST,
    });
  });

  it('is called off as long as it is on the packing list, once', () => {
    const shipment = prepared();
    shipment.callOff(SECOND);
    shipment.callOff(THIRD);
    expect(shipment.snapshot()).toMatchObject({ status: 'CALLED_OFF', calledOffAt: SECOND });
    const { orderId, items } = parcel;
    expect(shipment.getUncommittedEvents()).toEqual([new ShipmentCalledOff({ orderId, items, calledOffAt: SECOND })]);
  });

  it('that has left is not called off', () => {
    const shipment = prepared();
    shipment.ship('UPS', '1Z999', SECOND);
    shipment.callOff(THIRD);
    expect(shipment.snapshot().status).toBe('SHIPPED');
    expect(shipment.getUncommittedEvents()).toEqual([]);
  });

  it('is shipped once, and goes no way back', () => {
    const shipment = prepared();
    shipment.ship('UPS', '1Z999', SECOND);
    shipment.ship('DHL', 'JD0146', THIRD);
    expect(shipment.snapshot()).toMatchObject({ carrier: 'UPS', trackingNumber: '1Z999', shippedAt: SECOND });
    shipment.deliver(THIRD);
    shipment.ship('DHL', 'JD0146', LAST);
    expect(shipment.snapshot()).toMatchObject({ status: 'DELIVERED', carrier: 'UPS', shippedAt: SECOND });
  });

  it('that was delivered is off the packing list, even if nobody has told who carried it', () => {
    const shipment = prepared();
    shipment.deliver(SECOND);
    expect(shipment.snapshot()).toEqual({ ...parcel, status: 'DELIVERED', preparedAt: FIRST, deliveredAt: SECOND });
  });
});

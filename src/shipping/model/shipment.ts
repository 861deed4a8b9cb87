import { AggregateRoot } from '@nestjs/cqrs';
import { PackedBook, ShipmentCalledOff, ShipmentPrepared } from '../shipping.events';

export type ShipmentStatus = 'PREPARED' | 'SHIPPED' | 'DELIVERED' | 'CALLED_OFF' | 'RETURNED';

/** What a shipment may still become. It takes the order's word, also where it was never told of a step between. */
const mayBecome: Readonly<Record<ShipmentStatus, readonly ShipmentStatus[]>> = {
  PREPARED: ['SHIPPED', 'DELIVERED', 'CALLED_OFF', 'RETURNED'],
  SHIPPED: ['DELIVERED', 'RETURNED'],
  DELIVERED: ['RETURNED'],
  CALLED_OFF: [],
  RETURNED: [],
};

export const SHIPMENT_STATUSES = Object.keys(mayBecome) as readonly ShipmentStatus[];

/** What is to be packed, and to whom it goes. */
export interface Parcel {
  readonly orderId: string;
  readonly recipient: string;
  readonly shippingAddress: string;
  readonly items: readonly PackedBook[];
}

/** A shipment as it is stored. Times are RFC 3339. */
export interface ShipmentState extends Parcel {
  readonly status: ShipmentStatus;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly preparedAt: string;
  readonly shippedAt?: string;
  readonly deliveredAt?: string;
  readonly calledOffAt?: string;
  readonly returnedAt?: string;
}

/** The parcel of one order, from the packing list to the doorstep. What it has been told before changes nothing. */
export class Shipment extends AggregateRoot {
  readonly orderId: string;

  private constructor(private state: ShipmentState) {
    super();
    this.orderId = state.orderId;
  }

  /** Puts the parcel on the packing list. */
  static prepare(parcel: Parcel, preparedAt: string): Shipment {
    const shipment = new Shipment({ ...parcel, status: 'PREPARED', preparedAt });
    shipment.apply(new ShipmentPrepared({ ...parcel, preparedAt }));
    return shipment;
  }

  static restore(state: ShipmentState): Shipment {
    return new Shipment(state);
  }

  /** Notes who carries the parcel, and under which number it can be followed. */
  ship(carrier: string, trackingNumber: string, shippedAt: string): void {
    this.become('SHIPPED', { carrier, trackingNumber, shippedAt });
  }

  /** Notes that the parcel has reached its recipient. */
  deliver(deliveredAt: string): void {
    this.become('DELIVERED', { deliveredAt });
  }

  /** Takes the parcel off the packing list. */
  callOff(calledOffAt: string): void {
    if (!this.become('CALLED_OFF', { calledOffAt })) return;
    const { orderId, items } = this.state;
    this.apply(new ShipmentCalledOff({ orderId, items, calledOffAt }));
  }

  /** Notes that the parcel has come back. */
  takeBack(returnedAt: string): void {
    this.become('RETURNED', { returnedAt });
  }

  snapshot(): ShipmentState {
    return this.state;
  }

  /** @returns whether it has become so just now */
  private become(status: ShipmentStatus, facts: Partial<ShipmentState>): boolean {
    if (!mayBecome[this.state.status].includes(status)) return false;
    this.state = { ...this.state, ...facts, status };
    return true;
  }
}

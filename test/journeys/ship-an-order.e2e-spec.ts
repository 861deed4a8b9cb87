import type { Type } from '@nestjs/common';
import { AppModule } from '../../src/app.module';
import { OrderConfirmed, OrderPlaced } from '../../src/orders/orders.events';
import { Unrecoverable } from '../../src/platform/reactions/reaction.decorator';
import { expectIdempotent } from '../../src/platform/testing/idempotence';
import { ShippingModule } from '../../src/shipping/shipping.module';
import { Bookshelf, ManualClock } from '../support/bookshelf';
import { Client, gatsby, MOVES, nobody, problemOf, type Json, type Move } from '../support/client';
import { collectMail } from '../support/outbox';
import { caughtUp, deadLettersOf, reaction } from '../support/trade';

const PREPARE = 'shipping.prepare-shipment';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const zoe = { name: 'Zoë Müller', email: 'zoe@example.com' };
const address = '7 Rue de Rivoli\n75001 Paris';

describe('Shipping an order', () => {
  let shop: Bookshelf;
  let client: Client;
  let bookId: string;

  beforeAll(async () => {
    shop = await Bookshelf.start({ environment: { INITIAL_STOCK: '1000' } });
    client = new Client(shop);
    bookId = await client.addBook();
  });
  afterAll(() => shop.close());

  const orderIn = async (...way: Move[]): Promise<string> => {
    const orderId = await client.order({ [bookId]: 1 });
    await client.move(orderId, ...way);
    return orderId;
  };
  /** The orders whose shipments are in a state, those that were prepared first in front. */
  const listed = async (status: string): Promise<string[]> => {
    const { items } = await client.see(`/shipments?status=${status}&limit=200`);
    return items.map(({ orderId }: Json) => orderId);
  };
  const eventsOf = async (orderId: string): Promise<string[]> => {
    await shop.settle();
    const { items } = await client.see(`/events?stream=shipping.shipment/${orderId}`);
    return items.map(({ type }: Json) => type);
  };

  /** Each step builds on the one before. */
  describe('from the packing list to the doorstep', () => {
    let orderId: string;
    let emmaId: string;
    let letters: ReturnType<typeof collectMail>;
    const parcel = { carrier: 'La Poste', trackingNumber: '6A-0042 7' };
    const shipment = (): Promise<Json> => client.see(`/shipments/${orderId}`);
    const theShipment = (changes: object): object => ({
      orderId,
      recipient: zoe.name,
      shippingAddress: address,
      items: [
        { bookId, title: gatsby.title, quantity: 2 },
        { bookId: emmaId, title: 'Emma', quantity: 1 },
      ],
      preparedAt: expect.stringMatching(TIME),
      ...changes,
    });

    beforeAll(async () => {
      letters = collectMail(shop);
      emmaId = await client.addBook({ title: 'Emma' });
      const items = [
        { bookId, quantity: 2 },
        { bookId: emmaId, quantity: 1 },
      ];
      const wish = { customer: zoe, shippingAddress: address, items };
      ({ id: orderId } = (await client.post('/orders', wish)).body);
    });

    it('there is nothing to pack of an order that was only placed', async () => {
      expect(problemOf(await client.get(`/shipments/${orderId}`))).toMatchObject({
        status: 404,
        code: 'shipment-not-found',
        detail: `there is no shipment of order ${orderId}`,
      });
      expect(await client.see('/shipments')).toEqual({ items: [] });
    });

    it('a confirmed order is on the packing list: what to pack, for whom, and where it goes', async () => {
      await client.move(orderId, 'confirm');
      expect(await shipment()).toEqual(theShipment({ status: 'PREPARED' }));
      expect(await client.see('/shipments?status=PREPARED')).toEqual({ items: [await shipment()] });
      const [prepared] = (await client.see(`/events?stream=shipping.shipment/${orderId}`)).items;
      const { status: _, ...facts } = await shipment();
      expect(prepared).toMatchObject({ type: 'shipping.shipment-prepared', facts });
    });

    it('carrier and tracking number travel from the request to the order, the shipment and the letter', async () => {
      await client.post(`/orders/${orderId}/ship`, parcel);
      expect((await client.see(`/orders/${orderId}`)).shipment).toEqual(parcel);
      expect(await shipment()).toEqual(
        theShipment({ status: 'SHIPPED', ...parcel, shippedAt: expect.stringMatching(TIME) }),
      );
      expect([await listed('PREPARED'), await listed('SHIPPED')]).toEqual([[], [orderId]]);
      await shop.settle();
      const [letter, ...others] = letters.filter(({ text }) => text.includes(parcel.trackingNumber));
      expect(letter.to).toEqual(zoe);
      expect(letter.text).toContain('on their way with La Poste. Your tracking number is 6A-0042 7.');
      expect(others).toEqual([]);
    });

    it('it is delivered', async () => {
      await client.move(orderId, 'deliver');
      const times = { shippedAt: expect.stringMatching(TIME), deliveredAt: expect.stringMatching(TIME) };
      expect(await shipment()).toEqual(theShipment({ status: 'DELIVERED', ...parcel, ...times }));
      expect([await listed('SHIPPED'), await listed('DELIVERED')]).toEqual([[], [orderId]]);
    });

    it('and it comes back', async () => {
      await client.move(orderId, 'return');
      expect(await shipment()).toMatchObject({
        status: 'RETURNED',
        ...parcel,
        returnedAt: expect.stringMatching(TIME),
      });
      expect([await listed('DELIVERED'), await listed('RETURNED')]).toEqual([[], [orderId]]);
    });

    it('the timeline of the order has every event, with what became of it in each reaction that listens', async () => {
      await shop.settle();
      const { items: reactions } = await client.see('/reactions');
      const { items } = await client.see(`/orders/${orderId}/timeline`);
      const steps = ['placed', 'confirmed', 'shipped', 'delivered', 'returned'];
      expect(items.map(({ type }: Json) => type)).toEqual(steps.map((step) => `orders.order-${step}`));
      for (const { type, reactions: fates } of items) {
        const listening = reactions.filter(({ events }: Json) => events.includes(type)).map(({ name }: Json) => name);
        expect([type, fates.map(({ reaction }: Json) => reaction).sort()]).toEqual([type, listening]);
        for (const fate of fates) {
          const { reaction } = fate;
          expect(fate).toEqual({ reaction, state: 'done', finishedAt: expect.stringMatching(TIME) });
        }
      }
      const shipped = items[2].reactions.map(({ reaction }: Json) => reaction);
      expect(shipped).toEqual(
        expect.arrayContaining(['inventory.ship-stock', 'notifications.write-letter', PREPARE, 'analytics.funnel']),
      );
    });

    it('can be asked why it is prepared: back to who has confirmed the order', async () => {
      const { events } = await client.see(`/why/shipment/${orderId}`);
      expect(events.map(({ type }: Json) => type)).toEqual(['shipping.shipment-prepared']);
      expect(events[0].because.map((link: Json) => link.name ?? link.type ?? link.actor)).toEqual([
        PREPARE,
        'orders.order-confirmed',
        'ConfirmOrder',
        'anonymous',
      ]);
    });
  });

  it('a shipment is called off when its order is cancelled before it has left', async () => {
    const orderId = await orderIn('confirm');
    expect(await listed('PREPARED')).toContain(orderId);
    await client.move(orderId, 'cancel');
    expect(await client.see(`/shipments/${orderId}`)).toMatchObject({
      status: 'CALLED_OFF',
      calledOffAt: expect.stringMatching(TIME),
    });
    expect(await listed('PREPARED')).not.toContain(orderId);
    expect(await eventsOf(orderId)).toEqual(['shipping.shipment-prepared', 'shipping.shipment-called-off']);
    expect(problemOf(await client.post(`/orders/${orderId}/ship`, MOVES.ship)).code).toBe('order-state-forbids');
  });

  it('there is none to call off when the order was never confirmed', async () => {
    const orderId = await orderIn('cancel');
    expect(problemOf(await client.get(`/shipments/${orderId}`)).code).toBe('shipment-not-found');
    expect(await eventsOf(orderId)).toEqual([]);
  });

  it('the packing list begins with the order that was confirmed first, and comes in pages', async () => {
    const before = await listed('PREPARED');
    const [early, late] = [await orderIn(), await orderIn()];
    await client.move(late, 'confirm');
    const then = Date.now();
    await shop.until('the clock has gone on', async () => Date.now() > then);
    await client.move(early, 'confirm');
    const pages: string[] = [];
    for (let cursor = ''; ;) {
      const { items, next } = await client.see(`/shipments?status=PREPARED&limit=1${cursor}`);
      pages.push(...items.map(({ orderId }: Json) => orderId));
      if (!next) break;
      cursor = `&cursor=${next}`;
    }
    expect(pages).toEqual([...before, late, early]);
    const { items } = await client.see('/shipments?limit=200');
    expect(items.map(({ orderId }: Json) => orderId).slice(-2)).toEqual([late, early]);
  });

  it('a list of what no shipment is has no answer, and an order that nobody knows has no shipment', async () => {
    const { status, errors } = problemOf(await client.get('/shipments?status=LOST'));
    const message = 'must be one of PREPARED, SHIPPED, DELIVERED, CALLED_OFF, RETURNED';
    expect([status, errors]).toEqual([400, [{ path: 'status', message }]]);
    expect(problemOf(await client.get(`/shipments/${nobody}`)).status).toBe(404);
  });

  it.each<[Move, Move[]]>([
    ['ship', ['confirm']],
    ['deliver', ['confirm', 'ship']],
    ['cancel', ['confirm']],
    ['return', ['confirm', 'ship', 'deliver']],
  ])('is told once to %s, even if it hears of it twice', async (move, way) => {
    const orderId = await orderIn(...way);
    await expectIdempotent(shop, PREPARE, () => client.move(orderId, move));
  });
});

describe('An order that was confirmed before the shop kept shipments', () => {
  let shop: Bookshelf;
  let client: Client;
  let orders: string[];

  beforeAll(async () => {
    const modules = Reflect.getMetadata('imports', AppModule) as Type[];
    const before = await Bookshelf.start({ modules: modules.filter((module) => module !== ShippingModule) });
    client = new Client(before);
    const bookId = await client.addBook();
    orders = [
      await client.order({ [bookId]: 1 }),
      await client.order({ [bookId]: 1 }),
      await client.order({ [bookId]: 1 }),
    ];
    for (const orderId of orders) await client.move(orderId, 'confirm');
    await client.move(orders[2], 'ship');
    await before.settle();
    await before.stop();
    shop = await Bookshelf.start({ folder: before.folder });
    client = new Client(shop);
  });
  // The doctor is asked then: nothing is missing.
  afterAll(() => shop.close());

  it('gets one when it is shipped, which follows it from there', async () => {
    const [orderId] = orders;
    expect((await client.get(`/shipments/${orderId}`)).status).toBe(404);
    await client.move(orderId, 'ship');
    const shipped = await client.see(`/shipments/${orderId}`);
    expect(shipped).toMatchObject({ status: 'SHIPPED', recipient: 'Alice Johnson', ...MOVES.ship });
    expect(shipped.preparedAt).toBe(shipped.shippedAt);
    await client.move(orderId, 'deliver');
    expect((await client.see(`/shipments/${orderId}`)).status).toBe('DELIVERED');
  });

  it('has none to be called off', async () => {
    await client.move(orders[1], 'cancel');
    expect((await client.get(`/shipments/${orders[1]}`)).status).toBe(404);
  });

  it('has none either where it was shipped before, and can be delivered and returned', async () => {
    await client.move(orders[2], 'deliver', 'return');
    expect((await client.get(`/shipments/${orders[2]}`)).status).toBe(404);
  });
});

describe('The timeline of an order', () => {
  it('shows what a reaction has not managed: tried again, waiting behind that, given up, and left out', async () => {
    const [busy, broken] = ['gifts.wrap', 'gifts.card'];
    const providers = [
      reaction<object>([OrderPlaced, OrderConfirmed], busy, () => {
        throw new Error('no paper');
      }),
      reaction(OrderPlaced, broken, () => {
        throw new Unrecoverable('no such card');
      }),
    ];
    const shop = await Bookshelf.start({ providers, clock: new ManualClock() });
    const client = new Client(shop);
    const orderId = await client.order({ [await client.addBook()]: 1 });
    // Whoever passes on the position waits for the reactions that are not done.
    await shop.http().post(`/orders/${orderId}/confirm`).expect(200);
    await caughtUp(shop, busy);
    await caughtUp(shop, broken);

    /** What became of each step in these two reactions. */
    const fates = async (): Promise<Json[]> => {
      const { body } = await shop.http().get(`/orders/${orderId}/timeline`).expect(200);
      return body.items.map(({ reactions }: Json) =>
        reactions.filter(({ reaction }: Json) => [busy, broken].includes(reaction)),
      );
    };
    const [{ position }] = await deadLettersOf(shop, broken);
    const retrying = {
      reaction: busy,
      state: 'retrying',
      attempts: 1,
      error: 'Error: no paper',
      retryAt: expect.stringMatching(TIME),
    };
    const error = 'Error: no such card';
    const dead = { reaction: broken, state: 'dead', reason: 'unrecoverable', attempts: 1, error };
    const parked = { reaction: busy, state: 'parked', attempts: 0, behind: position };
    expect(await fates()).toEqual([[retrying, dead], [parked]]);

    const body = { letters: [{ position }], reason: 'she wants none' };
    await shop.http().post(`/reactions/${broken}/dead-letters/skip`).set('x-actor', 'grace').send(body).expect(200);
    const skipped = { ...dead, state: 'skipped', reason: 'she wants none', skippedBy: 'grace' };
    expect(await fates()).toEqual([[retrying, skipped], [parked]]);
    await shop.close();
  });
});

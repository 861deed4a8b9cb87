import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { newId } from '../../kernel/ids';
import type { Money } from '../../kernel/money';
import { Order } from '../model/order';
import type { Customer } from '../orders.events';
import { OrderRepository } from '../persistence/order.repository';
import { OrderLine, PriceList } from '../persistence/price-list';

/** Orders books for a customer. Answers the order's id. */
export class PlaceOrder extends Command<string> {
  constructor(
    readonly wish: {
      readonly customer: Customer;
      readonly shippingAddress: string;
      readonly items: readonly OrderLine[];
      /** Refused unless it costs this by the price list. */
      readonly expectedTotal?: Money;
    },
  ) {
    super();
  }
}

@CommandHandler(PlaceOrder)
export class PlaceOrderHandler implements ICommandHandler<PlaceOrder> {
  constructor(
    private readonly orders: OrderRepository,
    private readonly prices: PriceList,
    private readonly clock: Clock,
  ) {}

  /** @throws BookNotForSale, MixedCurrencies, PriceChanged, Invalid */
  async execute({ wish: { items, ...wish } }: PlaceOrder): Promise<string> {
    const lines = await this.prices.price(items);
    const order = Order.place({ ...wish, id: newId(), lines, placedAt: this.clock.now() });
    await this.orders.save(order);
    order.commit();
    return order.id;
  }
}

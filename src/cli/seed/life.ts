import { type Money, sum, times } from '../../kernel/money';
import { Agenda } from './agenda';
import { Dice } from './dice';
import { peopleOf, type Person } from './people';
import { changed, type NewBook } from './stock-list';

/** With so many copies of a new book the life reckons: INITIAL_STOCK of the shop that is to live it. */
export const OPENING_COPIES = 10;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long a life is, and how much happens in it. */
export interface Wish {
  readonly seed: number;
  readonly books: readonly NewBook[];
  readonly days: number;
  /** How often somebody orders, including the few who are refused. */
  readonly orders: number;
  /** When it ends. */
  readonly until: Date;
}

/** So many copies of a book. Books and orders have numbers of the life's own, as it knows no ids. */
export interface Line {
  readonly book: number;
  readonly quantity: number;
}

/** What happens. What the shop is expected to answer is in it, so that whoever does it finds out where they differ. */
export type Happening =
  | { readonly kind: 'add'; readonly book: number; readonly facts: NewBook }
  | { readonly kind: 'publish'; readonly book: number }
  | { readonly kind: 'reprice'; readonly book: number; readonly price: Money }
  | { readonly kind: 'withdraw'; readonly book: number; readonly reason: string }
  | { readonly kind: 'receive'; readonly book: number; readonly amount: number }
  | { readonly kind: 'adjust'; readonly book: number; readonly amount: number; readonly reason: string }
  | {
      readonly kind: 'order';
      readonly order: number;
      readonly customer: Pick<Person, 'name' | 'email'>;
      readonly shippingAddress: string;
      readonly lines: readonly Line[];
      readonly total: Money;
      /** There are not enough copies. */
      readonly isRefused: boolean;
    }
  | { readonly kind: 'pay'; readonly order: number; readonly paymentId: string; readonly amount: Money }
  | { readonly kind: 'ship'; readonly order: number; readonly carrier: string; readonly trackingNumber: string }
  | { readonly kind: 'deliver'; readonly order: number }
  | { readonly kind: 'cancel'; readonly order: number; readonly reason: string }
  | { readonly kind: 'return'; readonly order: number; readonly reason: string };

export type Step = Happening & { readonly at: Date };

/** A shop's life as a list of what happens, in its order and each at its time. The same wish is the same life. */
export const lifeOf = (wish: Wish): Step[] => new Life(wish).live();

/** How busy an hour is, from midnight to midnight of UTC: people buy in the evening. */
const HOURS = [2, 1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 8, 10, 9, 8, 8, 9, 11, 15, 20, 22, 19, 12, 6];

/** How busy a day is, Sunday first. */
const WEEKDAYS = [6, 10, 10, 11, 11, 12, 8];

const CARRIERS = ['Royal Mail', 'DHL', 'La Poste', 'UPS', 'ヤマト運輸'];
const SECOND_THOUGHTS = [
  'changed my mind',
  'ordered by mistake',
  'found it elsewhere',
  'zu spät bestellt',
  '間違えました',
];
const GONE_BACK = ['not my taste', 'a present that she had already', 'the cover was bent', 'wrong edition'];
const WITHDRAWN = ['out of print', 'the publisher has recalled it', 'a new edition is coming'];

/** A book as the shop has it. */
interface Shelved {
  readonly number: number;
  price: Money;
  available: number;
  /** No more copies come in. */
  readonly isLast: boolean;
  isOnItsWay: boolean;
  sold: number;
}

/** Decides what happens as it goes, with the stock and the prices in mind that the shop has by then. */
class Life {
  private readonly dice: Dice;
  private readonly agenda = new Agenda<(at: number) => Happening | undefined>();
  private readonly begin: number;
  private readonly end: number;
  private readonly people: readonly Person[];
  private readonly shelf = new Map<number, Shelved>();
  /** Those that can be ordered; what is first in the list of the shop is wanted most. */
  private onSale: readonly Shelved[] = [];
  /** Books that are bought for the sake of each other. */
  private readonly circles: number;

  constructor(private readonly wish: Wish) {
    this.dice = new Dice(wish.seed + 1);
    this.end = wish.until.getTime();
    this.begin = this.end - wish.days * DAY;
    this.people = peopleOf(Math.ceil(wish.orders * 0.4), this.dice);
    this.circles = Math.ceil(wish.books.length / 6);
  }

  live(): Step[] {
    this.planBooks();
    this.planOrders();
    const steps: Step[] = [];
    for (let next = this.agenda.next(this.end); next; next = this.agenda.next(this.end)) {
      const happening = next.what(next.at);
      if (happening) steps.push({ ...happening, at: new Date(next.at) });
    }
    return steps;
  }

  private planBooks(): void {
    const { books } = this.wish;
    const opening = Math.min(HOUR, this.end - this.begin) / (books.length + 1);
    books.forEach((facts, number) => {
      // With one book there is always something to buy.
      const isNew = this.dice.happens(0.1) && number > 0;
      const at = isNew ? this.sometime() : this.begin + (number + 1) * opening;
      this.agenda.add(at, () => this.add(number, facts));
      this.agenda.add(isNew ? this.atWork(at + this.dice.between(1, 5) * DAY) : at + MINUTE, () =>
        this.about(number, () => ({ kind: 'publish', book: number })),
      );
      if (this.dice.happens(0.15)) this.agenda.add(this.atWork(this.sometime()), () => this.reprice(number));
      if (this.dice.happens(0.12)) this.agenda.add(this.atWork(this.sometime()), () => this.recount(number));
      if (this.dice.happens(0.03) && number > 0)
        this.agenda.add(this.atWork(this.sometime()), () => this.withdraw(number));
    });
  }

  private planOrders(): void {
    const busy: number[] = [];
    for (let hour = this.begin; hour < this.end; hour += HOUR) {
      const time = new Date(hour);
      // Nobody orders before the shop is open.
      const weight = hour < this.begin + HOUR ? 0 : HOURS[time.getUTCHours()] * WEEKDAYS[time.getUTCDay()];
      busy.push((busy.at(-1) ?? 0) + weight);
    }
    for (let order = 0; order < this.wish.orders; order++) {
      const chosen = this.dice.between(0, busy.at(-1)!);
      const hour = busy.findIndex((weight) => chosen < weight);
      this.agenda.add(this.begin + hour * HOUR + this.someSeconds(HOUR), (at) => this.order(order, at));
    }
  }

  private add(number: number, facts: NewBook): Happening {
    const { price } = facts;
    // What everybody wants is mostly reordered.
    const isLast = this.dice.happens(number < this.wish.books.length / 10 ? 0.1 : 0.3);
    const book: Shelved = { number, price, available: OPENING_COPIES, sold: 0, isLast, isOnItsWay: false };
    this.shelf.set(number, book);
    this.onSale = [...this.onSale, book].sort((a, b) => a.number - b.number);
    return { kind: 'add', book: number, facts };
  }

  /** Something about a book that can still be sold. */
  private about(number: number, happens: (book: Shelved) => Happening | undefined): Happening | undefined {
    const book = this.shelf.get(number);
    return book && this.onSale.includes(book) ? happens(book) : undefined;
  }

  private reprice(number: number): Happening | undefined {
    return this.about(number, (book) => {
      const price = changed(book.price, this.dice.oneOf([0.7, 0.8, 0.9, 1.1, 1.2]));
      if (price.amount === book.price.amount) return undefined;
      book.price = price;
      return { kind: 'reprice', book: number, price };
    });
  }

  private recount(number: number): Happening | undefined {
    return this.about(number, (book) => {
      const [amount, reason] = this.dice.oneOf([
        [-1, 'damaged'],
        [-2, 'missing when we counted'],
        [1, 'found behind the shelf'],
      ] as const);
      if (book.available + amount < 0) return undefined;
      book.available += amount;
      return { kind: 'adjust', book: number, amount, reason };
    });
  }

  private withdraw(number: number): Happening | undefined {
    return this.about(number, (book) => {
      this.onSale = this.onSale.filter((other) => other !== book);
      return { kind: 'withdraw', book: number, reason: this.dice.oneOf(WITHDRAWN) };
    });
  }

  private receive(number: number): Happening | undefined {
    const book = this.shelf.get(number)!;
    book.isOnItsWay = false;
    return this.about(number, () => {
      const amount = 10 + Math.min(60, book.sold);
      book.available += amount;
      return { kind: 'receive', book: number, amount };
    });
  }

  private order(order: number, at: number): Happening {
    const customer = this.customer();
    let lines = this.wanted(customer);
    // Most look for something else when they see that it is sold out.
    for (let tries = 0; tries < 3 && !this.isThere(lines) && this.dice.happens(0.5); tries++) {
      lines = this.wanted(customer);
    }
    const isRefused = !this.isThere(lines);
    const [first, ...others] = lines.map(({ book, quantity }) => times(this.shelf.get(book)!.price, quantity));
    const total = sum(first, ...others);
    if (!isRefused) this.take(order, lines, total, at);
    const { name, email, address } = customer;
    const typed = this.dice.happens(0.03) ? email[0].toUpperCase() + email.slice(1) : email;
    return {
      ...{ kind: 'order', order, customer: { name, email: typed }, shippingAddress: address },
      ...{ lines, total, isRefused },
    };
  }

  /** Some buy often, most once. */
  private customer(): Person {
    const { people, dice } = this;
    return people[Math.floor(dice.between(0, 1) ** 1.6 * people.length)];
  }

  /** What a customer would like to have: books of one currency, most often those that everybody wants. */
  private wanted({ currency }: Person): Line[] {
    const { onSale } = this;
    const theirs = onSale.filter(({ price }) => price.currency === currency);
    const first = this.dice.favourite(theirs.length > 0 && this.dice.happens(0.9) ? theirs : onSale);
    const chosen = new Set([first]);
    const others = onSale.filter(({ price }) => price.currency === first.price.currency);
    const alike = others.filter(({ number }) => number % this.circles === first.number % this.circles);
    for (let more = this.dice.oneOf([0, 0, 0, 0, 1, 1, 1, 2, 3]); more > 0; more--) {
      chosen.add(this.dice.favourite(this.dice.happens(0.7) ? alike : others));
    }
    return [...chosen].map(({ number }) => ({ book: number, quantity: this.copies() }));
  }

  private copies(): number {
    if (this.dice.happens(0.86)) return 1;
    return this.dice.happens(0.8) ? 2 : this.dice.whole(3, 5);
  }

  private isThere(lines: readonly Line[]): boolean {
    return lines.every(({ book, quantity }) => quantity <= this.shelf.get(book)!.available);
  }

  /** The order is placed: copies are set aside, new ones are asked for, and the order goes its way. */
  private take(order: number, lines: readonly Line[], total: Money, at: number): void {
    for (const { book: number, quantity } of lines) {
      const book = this.shelf.get(number)!;
      book.available -= quantity;
      book.sold += quantity;
      if (book.available > 2 || book.isLast || book.isOnItsWay) continue;
      book.isOnItsWay = true;
      this.agenda.add(this.atWork(at + this.dice.between(0.5, 3) * DAY), () => this.receive(number));
    }
    this.planOrder(order, lines, total, at);
  }

  /** What becomes of an order. What would be after the end of the life does not happen: such orders are under way. */
  private planOrder(order: number, lines: readonly Line[], total: Money, at: number): void {
    const { dice } = this;
    if (dice.happens(0.08)) {
      if (dice.happens(0.5)) this.putBack('cancel', order, lines, at + dice.between(1, 20) * HOUR, SECOND_THOUGHTS);
      else this.putBack('cancel', order, lines, this.atWork(at + 5 * DAY), ['not paid for within five days']);
      return;
    }
    const paid = at + (dice.happens(0.9) ? dice.between(1, 40) * MINUTE : dice.between(1, 30) * HOUR);
    const paymentId = `seed-${this.wish.seed}-${order}`;
    this.agenda.add(paid, () => ({ kind: 'pay', order, paymentId, amount: total }));
    if (dice.happens(0.06)) {
      return this.putBack('cancel', order, lines, paid + dice.between(0.2, 5) * HOUR, SECOND_THOUGHTS);
    }
    const shipped = this.atWork(paid + dice.between(6, 40) * HOUR);
    const carrier = dice.oneOf(CARRIERS);
    const trackingNumber = `BK${dice.whole(100_000_000, 999_999_999)}XX`;
    this.agenda.add(shipped, () => ({ kind: 'ship', order, carrier, trackingNumber }));
    const delivered = this.atWork(shipped + dice.between(1, 4) * DAY);
    this.agenda.add(delivered, () => ({ kind: 'deliver', order }));
    if (dice.happens(0.08)) {
      this.putBack('return', order, lines, delivered + dice.between(1, 8) * DAY, GONE_BACK);
    }
  }

  /** The copies of an order are for sale again. */
  private putBack(
    kind: 'cancel' | 'return',
    order: number,
    lines: readonly Line[],
    at: number,
    reasons: readonly string[],
  ): void {
    const reason = this.dice.oneOf(reasons);
    this.agenda.add(at, () => {
      for (const { book, quantity } of lines) this.shelf.get(book)!.available += quantity;
      return { kind, order, reason };
    });
  }

  /** Any time after the first hour. */
  private sometime(): number {
    return this.begin + HOUR + this.someSeconds(Math.max(this.end - this.begin - HOUR, HOUR));
  }

  /** Within so many milliseconds, to the second. */
  private someSeconds(within: number): number {
    return Math.floor(this.dice.between(0, within / SECOND)) * SECOND;
  }

  /** The first time after this when somebody works: on working days from 8 to 17 o'clock of UTC. */
  private atWork(at: number): number {
    for (let day = Math.floor(at / DAY) * DAY; ; day += DAY) {
      const isWeekend = [0, 6].includes(new Date(day).getUTCDay());
      const closes = day + 17 * HOUR;
      const opens = Math.max(at, day + 8 * HOUR);
      if (!isWeekend && opens < closes) return opens + this.someSeconds(closes - opens);
    }
  }
}

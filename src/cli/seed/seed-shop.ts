import { createReadStream, existsSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { RankBestSellers } from '../../analytics/queries/rank-best-sellers.query';
import { type Sales, SumUpSales } from '../../analytics/queries/sum-up-sales.query';
import { Book } from '../../catalog/model/book';
import { parseBookList } from '../../catalog/outside/book-list/parse-book-list';
import { dayOf } from '../../kernel/day';
import { DomainError } from '../../kernel/domain-error';
import { newId } from '../../kernel/ids';
import type { Money } from '../../kernel/money';
import { isOutage } from '../../platform/database/connection';
import { Environment } from '../../platform/environment';
import { Progress } from '../../platform/reactions/progress';
import { meterOf } from '../meter';
import { withNewShop } from '../open-shop';
import { Failure, type Interruption } from '../program';
import { lifeOf, OPENING_COPIES, type Step } from './life';
import { Living, StandingClock } from './live';
import { type ListedBook, stockList } from './stock-list';

/** What was said on the command line. */
export interface Wanted {
  readonly days: number;
  readonly titles: number;
  readonly orders: number;
  readonly seed: number;
  /** A file. */
  readonly list: string;
  /** Where there is no such file, all books are made up. */
  readonly isListOptional: boolean;
}

const HOUR = 60 * 60 * 1000;

const format = new Intl.NumberFormat('en');
const number = (count: number): string => format.format(count);

/**
 * Lets a new shop live for so many days, up to the last full hour, and tells what has become of it.
 * @throws Failure where the list cannot be read or the shop is not new
 */
export async function seedShop(wanted: Wanted, interruption: Interruption): Promise<void> {
  const until = new Date(Math.floor(Date.now() / HOUR) * HOUR);
  const books = stockList(await listed(wanted), wanted.titles, wanted.seed);
  const steps = lifeOf({ ...wanted, books, until });
  const startedAt = Date.now();
  stayInside();
  const clock = new StandingClock(steps[0].at);
  await withNewShop(clock, async (shop) => {
    const living = new Living(shop.get(CommandBus, { strict: false }), shop.get(Progress), clock);
    const lived = await live(living, steps, interruption.signal);
    await tell(shop, lived, living, until, Date.now() - startedAt);
  });
  if (interruption.code === undefined) advise(steps[0].at);
  else console.log('\nInterrupted. What has happened stays; a whole life needs another database.');
}

/** Letters and refunds must not leave the house, and the life reckons with this much stock, whatever is configured. */
function stayInside(): void {
  // What is set already is not taken from `.env`.
  const local = Environment.ofProcess().text('PAYMENT_PROVIDER_URL', '').startsWith('local:');
  if (!local) process.env.PAYMENT_PROVIDER_URL = 'local:./data/payments';
  Object.assign(process.env, { MAIL_URL: 'log:', INITIAL_STOCK: String(OPENING_COPIES), REACTIONS: 'on' });
}

/** Does one step after another, until the end or Ctrl-C. @returns those that were done */
async function live(living: Living, steps: readonly Step[], interrupted: AbortSignal): Promise<readonly Step[]> {
  const meter = meterOf('life', steps.length);
  let done = 0;
  try {
    for (const step of steps) {
      if (interrupted.aborted) break;
      await living.step(step);
      const day = dayOf(step.at.toISOString());
      meter.show(++done, `${day}: ${number(living.books.size)} books, ${number(living.orders.size)} orders`);
    }
  } catch (error) {
    if (isOutage(error)) throw new Failure(`The database failed: ${error.message}. What has happened stays.`);
    throw error;
  } finally {
    meter.stop();
  }
  return steps.slice(0, done);
}

/** The books of the list that the catalog would take, each once, and no more than wanted. */
async function listed({ list, titles, isListOptional }: Wanted): Promise<ListedBook[]> {
  if (isListOptional && !existsSync(list)) return [];
  const unpriced: Money = { amount: 0, currency: 'USD' };
  const books = new Map<string, ListedBook>();
  const bytes = createReadStream(list);
  try {
    for await (const row of parseBookList(bytes, 'csv', { price: unpriced, currency: 'USD' })) {
      if (!('facts' in row) || !isTaken(row.facts)) continue;
      const { price, publishAt: _later, ...facts } = row.facts;
      books.set(facts.reference, { ...facts, price: price === unpriced ? undefined : price });
      if (books.size === titles) break;
    }
  } catch (error) {
    if (error instanceof DomainError) throw new Failure(`${list}: ${error.message}`);
    throw error instanceof Error && 'syscall' in error ? new Failure(error.message) : error;
  } finally {
    bytes.destroy();
  }
  return [...books.values()];
}

function isTaken(facts: Omit<Parameters<typeof Book.add>[0], 'id' | 'addedAt'>): boolean {
  try {
    Book.add({ ...facts, id: newId(), addedAt: new Date() });
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** To which state a step brings its order. A payment confirms it. */
const STATES: Partial<Record<Step['kind'], string>> = {
  order: 'pending',
  pay: 'confirmed',
  ship: 'shipped',
  deliver: 'delivered',
  cancel: 'cancelled',
  return: 'returned',
};

async function tell(
  shop: INestApplicationContext,
  lived: readonly Step[],
  living: Living,
  until: Date,
  took: number,
): Promise<void> {
  const count = (kind: Step['kind']): string => number(lived.filter((step) => step.kind === kind).length);
  const customers = new Set<string>();
  const states = new Map<number, string>();
  for (const step of lived) {
    const state = STATES[step.kind];
    if (!state || !('order' in step) || !living.orders.has(step.order)) continue;
    states.set(step.order, state);
    if (step.kind === 'order') customers.add(step.customer.email.toLowerCase());
  }
  const orders = Object.values(STATES).map(
    (state) => `${number([...states.values()].filter((one) => one === state).length)} ${state}`,
  );
  console.log(`\n${number(lived.length)} steps in ${(took / 1000).toFixed(1)} s:`);
  console.log(`  ${number(living.books.size)} books: ${count('publish')} published, ${count('withdraw')} withdrawn`);
  console.log(
    `  ${count('reprice')} new prices, ${count('receive')} deliveries, ${count('adjust')} corrections of stock`,
  );
  console.log(`  ${number(customers.size)} customers`);
  console.log(`  ${number(living.orders.size)} orders: ${orders.join(', ')}`);
  console.log(`  ${number(living.refused)} more were refused, as there were not enough copies`);
  const queries = shop.get(QueryBus, { strict: false });
  const [from, to] = [lived[0]?.at ?? until, until].map((moment) => dayOf(moment.toISOString()));
  const { totals } = await queries.execute(new SumUpSales(from, to, 1));
  for (const { revenue } of totals) console.log(`  ${inWords(revenue)}`);
  const [best] = (await queries.execute(new RankBestSellers(undefined, 1))).items;
  if (best) console.log(`\nThe best-seller is ${best.title}: GET /books/${best.bookId}/recommendations`);
}

const inWords = ({ placed, cancelled, returned, net }: Sales['revenue']): string =>
  `${money(net)} of revenue: ${money(placed)} placed, ${money(cancelled)} cancelled, ${money(returned)} returned`;

const money = ({ amount, currency }: Money): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' })
    .format(amount)
    .replace(/\s+/g, ' ');

function advise(since: Date): void {
  console.log(`
Look at it with npm start, in the same environment (DATABASE_URL), and then
  curl 'localhost:3000/analytics/sales?from=${since.toISOString().slice(0, 10)}'
  curl localhost:3000/analytics/best-sellers
  curl localhost:3000/analytics/funnel
  curl 'localhost:3000/orders?status=PENDING'
  curl localhost:3000/inventory
or with npm run doctor.`);
}

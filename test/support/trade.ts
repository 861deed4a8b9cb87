import { DynamicModule, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { AppModule } from '../../src/app.module';
import { RepriceBook } from '../../src/catalog/commands/reprice-book.command';
import { EventClass, publishes } from '../../src/platform/event-log/event-types';
import { Reaction, ReactionOptions } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf } from './bookshelf';
import { Client } from './client';

const usd = (amount: number) => ({ amount, currency: 'USD' });

/** The modules of a shop that has never heard of this context. */
export const shopWithout = (context: Type): NonNullable<ModuleMetadata['imports']> =>
  (Reflect.getMetadata('imports', AppModule) as NonNullable<ModuleMetadata['imports']>).filter(
    (one) => one !== context,
  );

/** Takes a book into the catalog. @returns its id */
export const addBook = (shop: Bookshelf, title = 'Emma'): Promise<string> => new Client(shop).addBook({ title });

/** Each new price is one more event of the book's stream. */
export async function repriceBook(shop: Bookshelf, bookId: string, ...cents: number[]): Promise<void> {
  for (const amount of cents) await shop.send(new RepriceBook(bookId, usd(amount)));
}

/** A reaction that does what the test says with each event. */
export function reaction<Event extends object>(
  events: EventClass<Event> | readonly EventClass<Event>[],
  name: string,
  handle: (event: Event) => unknown,
  options: ReactionOptions = {},
): Type {
  class TestReaction {
    async handle(event: Event): Promise<void> {
      await handle(event);
    }
  }
  Reaction(events, name, options)(TestReaction);
  return TestReaction;
}

interface Status {
  readonly mode: string;
  readonly checkpoint?: number;
  readonly lag: number;
  readonly deferred: number;
  readonly dead: number;
  readonly state: string;
  readonly paused?: { readonly since: string; readonly cause: string; readonly nextProbeAt: string };
}

/** What an operator sees of a reaction. */
export async function statusOf(shop: Bookshelf, name: string): Promise<Status> {
  const { body } = await shop.http().get('/reactions').expect(200);
  return body.items.find((one: { name: string }) => one.name === name);
}

/** Resolves when the reaction has read the whole log: it has handled every event, or put it aside. */
export const caughtUp = (shop: Bookshelf, name: string): Promise<void> =>
  shop.until(`${name} has read the whole log`, async () => (await statusOf(shop, name)).lag === 0);

/** The dead letters of a reaction, as an operator lists them. */
export async function deadLettersOf(shop: Bookshelf, name: string) {
  const { body } = await shop.http().get(`/reactions/${name}/dead-letters`).expect(200);
  return body.items as {
    position: number;
    eventId: string;
    type: string;
    stream: string;
    reason: string;
    attempts: number;
    error: string;
    stack: string;
    history: { at: string; error: string }[];
  }[];
}

/** A context of this test, with its events and what else its module holds. */
export function context(
  name: string,
  events: Record<string, unknown>,
  providers: Provider[] = [],
  { retired = [], controllers = [] }: { retired?: readonly string[]; controllers?: Type[] } = {},
): DynamicModule {
  const module = { [name]: class {} }[name];
  return { module, controllers, providers: [publishes(events, retired), ...providers] };
}

/** Stores events that belong to no aggregate, all in one unit of work. */
export const raise = (shop: Bookshelf, ...events: object[]): Promise<void> =>
  shop.work.run('test', () => Promise.resolve(shop.get(EventBus).publishAll(events)));

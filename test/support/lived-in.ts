import { CommandBus } from '@nestjs/cqrs';
import { lifeOf, OPENING_COPIES, type Step, type Wish } from '../../src/cli/seed/life';
import { Living, StandingClock } from '../../src/cli/seed/live';
import { stockList } from '../../src/cli/seed/stock-list';
import { Progress } from '../../src/platform/reactions/progress';
import { Bookshelf } from './bookshelf';

/** When each of these lives ends. */
export const UNTIL = new Date('2026-11-21T12:00:00Z');

/** A shop that has lived, as `npm run seed` makes it, and what has happened in it. */
export interface LivedIn {
  readonly shop: Bookshelf;
  readonly living: Living;
  readonly life: readonly Step[];
}

/** Opens a shop and lets it live, up to `UNTIL`. */
export async function livedIn(wish: Omit<Wish, 'books' | 'until'> & { readonly titles: number }): Promise<LivedIn> {
  const life = lifeOf({ ...wish, books: stockList([], wish.titles, wish.seed), until: UNTIL });
  const clock = new StandingClock(life[0].at);
  const shop = await Bookshelf.start({ clock, environment: { INITIAL_STOCK: String(OPENING_COPIES) } });
  const living = new Living(shop.get(CommandBus), shop.get(Progress), clock);
  for (const step of life) await living.step(step);
  clock.putTo(UNTIL);
  return { shop, living, life };
}

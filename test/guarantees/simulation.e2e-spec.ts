import { Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { AdjustStock } from '../../src/inventory/commands/adjust-stock.command';
import { ReceiveStock } from '../../src/inventory/commands/receive-stock.command';
import { OrderPlaced } from '../../src/orders/orders.events';
import { ReactionBooks } from '../../src/platform/reactions/reaction-books';
import { Reaction } from '../../src/platform/reactions/reaction.decorator';
import { explore, simulate, SimulationFailed } from '../../src/platform/testing/simulation';
import { SimulatedShop } from '../support/simulated-shop';

/** `npm run test:simulate` runs a thousand, or as many as it can in ten minutes. */
const RUNS = Number(process.env.SIM_RUNS ?? 10);
const SEED = Number(process.env.SIM_SEED ?? 1);
const LONGEST = 600_000;

jest.setTimeout(LONGEST + 60_000);

/** So many seeds from this one on, until the time is over. */
function* seedsFrom(first: number, count: number): Generator<number> {
  const deadline = Date.now() + LONGEST;
  for (let seed = first; seed < first + count && Date.now() < deadline; seed++) yield seed;
}

describe('A simulated shop, in which anything may go wrong at any step', () => {
  let shop: SimulatedShop;
  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    shop.remove();
  });

  it('does the same, step by step, whenever it is given the same seed', async () => {
    shop = await SimulatedShop.make();
    // This one dies, and is told of failures, more than once.
    const schedule = [
      { kind: 'delay', at: 250, choice: 0.5 },
      { kind: 'kill', at: 400, choice: 0 },
      { kind: 'fail', at: 550, choice: 0.1 },
      { kind: 'again', at: 600, choice: 0 },
      { kind: 'kill', at: 700, choice: 0 },
    ] as const;
    const one = await simulate(shop, SEED, schedule);
    const other = await simulate(shop, SEED, schedule);
    expect(one.violations).toEqual([]);
    expect(one.trace.filter((line) => line.includes('!!'))).toHaveLength(schedule.length);
    expect(one.trace).toContain('event orders.order-placed');
    expect(other).toEqual(one);
    expect((await simulate(shop, SEED + 1, schedule)).trace).not.toEqual(one.trace);
  });

  it(`keeps what it has answered for, and every effect once (${RUNS} runs from seed ${SEED})`, async () => {
    shop = await SimulatedShop.make();
    const { runs, kill, fail, delay, again } = await explore(shop, seedsFrom(SEED, RUNS));
    if (RUNS > 100) process.stdout.write(`${runs} runs: ${JSON.stringify({ kill, fail, delay, again })}\n`);
    // Otherwise nothing is proved.
    for (const times of [kill, fail, delay, again]) expect(times).toBeGreaterThanOrEqual(RUNS / 10);
  });

  it('goes on when not even the rollback of what has failed succeeds', async () => {
    shop = await SimulatedShop.make();
    // A statement without which nothing comes to its end fails, and then the very next one: the ROLLBACK.
    const rolledBack = [];
    for (let at = 300; at < 330 && !rolledBack.length; at += 3) {
      const run = await simulate(shop, 1, [
        { kind: 'fail', at, choice: 0.5 },
        { kind: 'fail', at: at + 1, choice: 0.9 },
      ]);
      expect(run.violations).toEqual([]);
      rolledBack.push(...run.trace.filter((line) => /ROLLBACK !! fail/.test(line)));
    }
    // Otherwise nothing is proved.
    expect(rolledBack).not.toEqual([]);
  });

  describe('is found out', () => {
    /** What is told of the first seed that fails, with the fewest faults that make it fail. */
    async function found(world: SimulatedShop): Promise<SimulationFailed> {
      const outcome: unknown = await explore(world, seedsFrom(1, 100)).catch((error: unknown) => error);
      if (outcome instanceof SimulationFailed) return outcome;
      throw new Error(`nothing was found: ${String(outcome)}`);
    }

    function expectMinimal({ run, minimal, message }: SimulationFailed): void {
      expect(minimal.faults.length).toBeLessThanOrEqual(3);
      expect(minimal.faults.length).toBeGreaterThanOrEqual(1);
      expect(message).toContain(`seed ${run.seed} fails`);
      for (const fault of minimal.faults) expect(message).toContain(JSON.stringify(fault));
    }

    it('when a reaction stores in two units of work', async () => {
      @Reaction(OrderPlaced, 'test.restock', { effects: 'external' })
      class Restock {
        constructor(private readonly commands: CommandBus) {}

        async handle({ items: [{ bookId }] }: OrderPlaced): Promise<void> {
          await this.commands.execute(new ReceiveStock(bookId, 1));
          await this.commands.execute(new AdjustStock(bookId, 1, 'a present'));
        }
      }
      shop = await SimulatedShop.make([Restock]);
      const failed = await found(shop);
      expectMinimal(failed);
      expect(failed.minimal.violations.join('\n')).toMatch(/inventory.stock-received .* has been raised twice/);
      // Whoever has the seed and the faults sees it again.
      const again = await simulate(shop, failed.run.seed, failed.minimal.faults);
      expect(again.trace).toEqual(failed.minimal.trace);
    });

    it('when the checkpoint moves in a transaction of its own, after the effect', async () => {
      const { moveTo, inUnitOfWork } = ReactionBooks.prototype;
      const later = new WeakMap<ReactionBooks, () => void>();
      jest.spyOn(ReactionBooks.prototype, 'moveTo').mockImplementation(function (this: ReactionBooks, ...where) {
        later.set(this, () => moveTo.apply(this, where));
      });
      jest.spyOn(ReactionBooks.prototype, 'inUnitOfWork').mockImplementation(async function <T>(
        this: ReactionBooks,
        work: () => Promise<T>,
      ) {
        const value = await inUnitOfWork.call(this, work);
        const move = later.get(this);
        later.delete(this);
        if (move) await inUnitOfWork.call(this, async () => move());
        return value;
      });
      shop = await SimulatedShop.make();
      const failed = await found(shop);
      expectMinimal(failed);
      if (process.env.TEST_LOG) process.stdout.write(`${failed.message}\n`);
    });
  });
});

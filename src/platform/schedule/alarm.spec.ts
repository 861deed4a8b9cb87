import { Logger } from '@nestjs/common';
import { SystemClock } from '../../kernel/clock';
import { DatabaseError } from '../database/connection';
import { currentRequest } from '../unit-of-work/cause';
import { Alarm, Due } from './alarm';
import { AlarmRunner } from './alarm-runner';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Eggs, and when each is done. What is taken out is on the plate, with the second at which it came there. */
class EggTimer extends Alarm {
  readonly movedBy = [];
  readonly pot = new Map<string, number>();
  readonly plate: string[] = [];
  readonly askedFor: number[] = [];
  readonly actors = new Set<string | undefined>();
  spoils: (id: string) => Error | undefined = () => undefined;
  takesOut = true;
  /** What looking into the pot fails with. */
  fog: Error | undefined;
  private readonly start = Date.now();

  put(id: string, inSeconds: number): void {
    this.pot.set(id, Date.now() + inSeconds * SECOND);
  }

  async next(limit: number, except: readonly string[]): Promise<Due[]> {
    this.askedFor.push(limit);
    await Promise.resolve();
    if (this.fog) throw this.fog;
    return [...this.pot]
      .filter(([id]) => !except.includes(id))
      .sort(([, a], [, b]) => a - b)
      .slice(0, limit)
      .map(([id, at]) => ({ id, at: new Date(at) }));
  }

  async ring(id: string): Promise<void> {
    this.actors.add(currentRequest()?.actor);
    await Promise.resolve();
    const spoilt = this.spoils(id);
    if (spoilt) throw spoilt;
    if (this.takesOut) this.pot.delete(id);
    this.plate.push(`${id} at ${(Date.now() - this.start) / SECOND}`);
  }
}

describe('An alarm', () => {
  let eggs: EggTimer;
  let runner: AlarmRunner;
  let progress: number;

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    Logger.overrideLogger(false);
    progress = 0;
    eggs = new EggTimer();
    runner = new AlarmRunner(eggs, new SystemClock(), () => progress++);
  });

  afterEach(async () => {
    await runner.stop();
    jest.useRealTimers();
  });

  const start = async () => {
    runner.wake();
    await pass(0);
  };

  it('rings at the moment, and not before', async () => {
    eggs.put('soft', 240);
    eggs.put('hard', 600);
    await start();
    await pass(240 * SECOND - 1);
    expect(eggs.plate).toEqual([]);
    await pass(1);
    expect(eggs.plate).toEqual(['soft at 240']);
    await pass(360 * SECOND);
    expect(eggs.plate).toEqual(['soft at 240', 'hard at 600']);
    expect(eggs.actors).toEqual(new Set(['timer']));
  });

  it('rings at once for what is due when it is woken, however much that is', async () => {
    for (let egg = 0; egg < 1_000; egg++) eggs.put(String(egg), -60);
    expect(runner.waiting).toBeUndefined();
    runner.wake();
    expect(runner.waiting).toBe('EggTimer looks what is due');
    await pass(0);
    expect(eggs.plate).toHaveLength(1_000);
    expect(runner.waiting).toBeUndefined();
    expect(progress).toBeGreaterThan(0);
  });

  it('looks again when it is woken: something may be due earlier, or not at all', async () => {
    eggs.put('hard', 600);
    await start();
    eggs.put('soft', 240);
    eggs.pot.delete('hard');
    await start();
    await pass(600 * SECOND);
    expect(eggs.plate).toEqual(['soft at 240']);
  });

  it('asks nothing while there is nothing to wait for, and once a minute while there is', async () => {
    await start();
    expect(eggs.askedFor).toHaveLength(1);
    await pass(60 * MINUTE);
    expect(eggs.askedFor).toHaveLength(1);
    eggs.put('petrified', 30 * 24 * 3_600);
    await start();
    await pass(10 * MINUTE);
    expect(eggs.askedFor).toHaveLength(12);
  });

  it('lets a thing that fails wait, longer each time, and all others have their moment', async () => {
    let tries = 0;
    eggs.spoils = (id) => {
      if (id !== 'cracked') return undefined;
      tries++;
      return new Error('there is no egg in it');
    };
    eggs.put('cracked', 60);
    eggs.put('soft', 62);
    await start();
    await pass(60 * SECOND);
    expect(runner.waiting).toBe('EggTimer tries 1 again later: Error: there is no egg in it');
    await pass(2 * SECOND);
    expect(eggs.plate).toEqual(['soft at 62']);
    await pass(60 * MINUTE);
    // After 1 s, 2 s, 4 s, ... and then every five minutes.
    expect(tries).toBe(20);
    eggs.spoils = () => undefined;
    await pass(5 * MINUTE);
    expect(eggs.pot.size).toBe(0);
    expect(runner.waiting).toBeUndefined();
  });

  it('forgets what has failed when that is not to be done any more', async () => {
    eggs.spoils = () => new Error('there is no egg in it');
    eggs.put('cracked', 0);
    await start();
    eggs.pot.clear();
    await pass(SECOND);
    expect(runner.waiting).toBeUndefined();
  });

  it('does not go through all that is due when nothing of it works', async () => {
    for (let egg = 0; egg < 10_000; egg++) eggs.put(String(egg), 0);
    const tried = new Set<string>();
    eggs.spoils = (id) => {
      tried.add(id);
      return new Error('the stove is off');
    };
    await start();
    await pass(10 * MINUTE);
    expect(tried.size).toBeLessThan(500);
    eggs.spoils = () => undefined;
    await pass(5 * MINUTE);
    expect(eggs.plate).toHaveLength(10_000);
  });

  it('does not spin where something is done and is due all the same', async () => {
    eggs.takesOut = false;
    eggs.put('stuck', 0);
    await start();
    expect(runner.waiting).toMatch('what was to be done is done, and yet it is due as before');
    await pass(10 * MINUTE);
    expect(eggs.plate.length).toBeLessThan(15);
  });

  it('waits for a database that is out of order, and goes on when it is back', async () => {
    eggs.put('soft', 1);
    eggs.fog = new DatabaseError('SQLITE_IOERR', 'disk I/O error', 'SELECT');
    await start();
    expect(runner.waiting).toBe('EggTimer pauses: DatabaseError: disk I/O error');
    await pass(10 * MINUTE);
    expect(eggs.askedFor.length).toBeLessThan(40);
    eggs.fog = undefined;
    await pass(30 * SECOND);
    expect(eggs.plate).toHaveLength(1);
    expect(runner.waiting).toBeUndefined();
  });

  it('counts no failure of a thing when it is the database that has failed', async () => {
    eggs.spoils = () => new DatabaseError('SQLITE_FULL', 'disk full', 'INSERT');
    eggs.put('soft', 0);
    eggs.put('hard', 0);
    await start();
    expect(runner.waiting).toBe('EggTimer pauses: DatabaseError: disk full');
    eggs.spoils = () => undefined;
    await pass(250);
    expect(eggs.plate).toEqual(['soft at 0.25', 'hard at 0.25']);
  });

  it('finishes what is at hand when it is stopped, and begins nothing else', async () => {
    for (let egg = 0; egg < 1_000; egg++) eggs.put(String(egg), 0);
    let isFirst = true;
    let stopped: Promise<void> | undefined;
    eggs.spoils = () => {
      if (isFirst) stopped = runner.stop();
      isFirst = false;
      return undefined;
    };
    await start();
    await stopped;
    expect(eggs.plate).toHaveLength(128);
    runner.wake();
    await pass(10 * MINUTE);
    expect(eggs.plate).toHaveLength(128);
  });
});

import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { isNobodysFault } from '../reactions/delivery';
import { newRequest, withinRequest } from '../unit-of-work/cause';
import { Stopping, withinTime } from '../unit-of-work/time-limit';
import { Alarm, Due } from './alarm';

/** So many things are rung for side by side: two groups of the lane, so that each commit is shared. */
const AT_ONCE = 128;

/** A ring takes no longer than a reaction to an event may, in milliseconds. */
const TIME_LIMIT = 30_000;

/** The machine may sleep, and its clock may be set: so often it is asked what time it is, in milliseconds. */
const LONGEST_SLEEP = 60_000;

/** How long to wait for a database that is out of order, in milliseconds: first so long, then longer each time. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/** How long to wait before a thing is tried again for which the ring has failed. */
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 300_000;

/** When the ring has failed for so many things, nothing new is begun before it is time to try one of them again. */
const MOST_PUT_OFF = 100;

/** A thing for which the ring has failed. */
interface PutOff {
  readonly attempts: number;
  readonly until: number;
  readonly error: string;
}

/** Rings an alarm at the moment at which something falls due. With nothing to wait for it sleeps until it is woken. */
export class AlarmRunner {
  private readonly logger: Logger;
  private readonly ownContext = new AsyncResource('AlarmRunner');
  private readonly stopping = new Stopping();
  private readonly putOff = new Map<string, PutOff>();
  /** What was done last, and should not be due any more. */
  private done: Due[] = [];
  private running: Promise<void> | undefined;
  private isWoken = false;
  private pause = FIRST_PAUSE;
  /** Why it pauses, if it does. */
  private outage: string | undefined;
  private cancelTimer: () => void = () => undefined;

  constructor(
    private readonly alarm: Alarm,
    private readonly clock: Clock,
    private readonly onProgress: () => void,
  ) {
    this.logger = new Logger(alarm.constructor.name);
  }

  /** Something may fall due at another time than before. */
  wake(): void {
    if (this.stopping.isOn) return;
    this.isWoken = true;
    this.running ??= this.ownContext.runInAsyncScope(() => this.run());
  }

  /** Finishes what is at hand and starts nothing else. */
  async stop(): Promise<void> {
    this.stopping.begin();
    this.cancelTimer();
    await this.running;
  }

  /** What is due and not done, in a sentence, if anything is. What will be due later is not. */
  get waiting(): string | undefined {
    const { name } = this.alarm.constructor;
    if (this.outage) return `${name} pauses: ${this.outage}`;
    if (this.running) return `${name} looks what is due`;
    const [first] = this.putOff.values();
    return first && `${name} tries ${this.putOff.size} again later: ${first.error}`;
  }

  private async run(): Promise<void> {
    this.cancelTimer();
    try {
      let wakeAt = Infinity;
      // Time goes on while it looks.
      while ((this.isWoken || wakeAt <= this.now()) && !this.stopping.isOn) {
        this.isWoken = false;
        wakeAt = await this.ringForAll();
      }
      this.pause = FIRST_PAUSE;
      this.outage = undefined;
      if (wakeAt !== Infinity) this.sleep(wakeAt - this.now());
    } catch (error) {
      this.outage = String(error);
      if (!this.stopping.isOn) this.logger.error(`pauses for ${this.pause} ms: ${this.outage}`);
      this.sleep(this.pause);
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    } finally {
      this.running = undefined;
      this.onProgress();
    }
  }

  /** Rings for all that is due. @returns when to look again, in milliseconds since 1970, unless it is woken before */
  private async ringForAll(): Promise<number> {
    for (;;) {
      const now = this.now();
      const later = [...this.putOff].filter(([, { until }]) => until > now);
      const retryAt = Math.min(...later.map(([, { until }]) => until));
      if (later.length >= MOST_PUT_OFF) return retryAt;
      const next = await this.alarm.next(
        AT_ONCE,
        later.map(([id]) => id),
      );
      const due = next.filter(({ at }) => at.getTime() <= now);
      this.forgetAllBut([...later.map(([id]) => id), ...due.map(({ id }) => id)]);
      if (due.length === 0) return Math.min(retryAt, next[0]?.at.getTime() ?? Infinity);
      if (this.stopping.isOn) return Infinity;
      await this.ringFor(due);
      this.onProgress();
    }
  }

  /** @throws what is nobody's fault: the database is out of order, or the program ends */
  private async ringFor(due: readonly Due[]): Promise<void> {
    const before = this.done;
    this.done = [];
    const rings = await Promise.allSettled(due.map((one) => this.ringForOne(one, before)));
    const failed = rings.find((ring) => ring.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private async ringForOne(thing: Due, before: readonly Due[]): Promise<void> {
    const { id, at } = thing;
    try {
      if (before.some((one) => one.id === id && one.at.getTime() === at.getTime())) {
        throw new Error('what was to be done is done, and yet it is due as before');
      }
      const ring = () => withinRequest(newRequest('timer'), () => this.alarm.ring(id));
      await withinTime(ring, TIME_LIMIT, this.stopping);
      this.done.push(thing);
    } catch (error) {
      if (isNobodysFault(error)) throw error;
      const attempts = (this.putOff.get(id)?.attempts ?? 0) + 1;
      const delay = Math.min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY);
      this.putOff.set(id, { attempts, until: this.now() + delay, error: String(error) });
      this.logger.warn(`${id}: attempt ${attempts} failed, the next is in ${delay} ms: ${String(error)}`);
    }
  }

  /** What had failed is done, or is not to be done any more. */
  private forgetAllBut(ids: readonly string[]): void {
    const known = new Set(ids);
    for (const id of this.putOff.keys()) if (!known.has(id)) this.putOff.delete(id);
  }

  private sleep(ms: number): void {
    if (this.stopping.isOn) return;
    this.cancelTimer();
    this.cancelTimer = this.clock.after(Math.max(0, Math.min(ms, LONGEST_SLEEP)), () => this.wake());
  }

  private now(): number {
    return this.clock.now().getTime();
  }
}

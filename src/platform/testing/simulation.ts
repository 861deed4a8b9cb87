import { CommandBus } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { DomainError } from '../../kernel/domain-error';
import { Database } from '../database/database';
import { isOutage } from '../database/connection';
import { Doctor } from '../invariants/doctor';
import { Reactions } from '../reactions/reactions.service';
import { ReactionStatuses } from '../reactions/reaction-status';
import { UnfinishedStarts } from '../reactions/unfinished-starts';
import { newRequest, withinRequest } from '../unit-of-work/cause';
import { seeded } from '../../kernel/random';
import { fail, FAILURES, interceptStatements, Program } from './statements';

/**
 * What goes wrong, and at which step. `kill`: the process dies, and another one opens its file. `fail`: a statement, or a
 * call to the outside, fails. `delay`: somebody else goes first. `again`: a call to the outside is made, but its answer is
 * lost; anywhere else, every reaction looks again at what it has to do.
 */
export interface Fault {
  readonly kind: 'kill' | 'fail' | 'delay' | 'again';
  /** It happens at the first step from here on at which it can. */
  readonly at: number;
  /** From 0 to 1: which of the possible errors, or who goes first. */
  readonly choice: number;
}

/** The program to simulate, and what is done with it. */
export interface World {
  /** A run begins, with a file of its own. */
  begin(): void;
  /**
   * Opens the program on its file, the same for each life of a run. It lives by the life's clock, and calls the outside
   * through `life.outside`. Before it starts, `life.watch(database)` has to be called.
   */
  open(life: Life): Promise<Program & { close(): Promise<unknown> }>;
  /** What is done at the same time, each by somebody of their own. All choices come from `random`. */
  people(send: Send, random: () => number): readonly (() => Promise<void>)[];
  /** What else must be true in the end, besides what the doctor asks. @returns where it is not */
  check?(program: Program): Promise<string[]>;
}

/** Sends a command. @returns its answer, or nothing when it was refused, or was not answered */
export type Send = <R>(command: object) => Promise<R | undefined>;

/** One run: the same seed and faults give the same one. */
export interface Run {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** What has happened, step by step, without ids and times. */
  readonly trace: readonly string[];
  /** What is not as it should be. */
  readonly violations: readonly string[];
}

/** Where a line of the trace says what went wrong. */
const FAULT_MARK = '!!';

/** How many faults a run has, and within how many steps they begin. */
const MOST_FAULTS = 6;
const WITHIN_STEPS = 700;

const MOST_ADVANCES = 400;

/** A run in which something is not as it should be. The message has all that is needed to see it again. */
export class SimulationFailed extends Error {
  constructor(
    readonly run: Run,
    readonly minimal: Run,
  ) {
    const told = minimal.faults.map((fault) => `  ${JSON.stringify(fault)}`);
    super(
      [
        `seed ${run.seed} fails; of its ${run.faults.length} faults it takes these:`,
        ...told,
        'then:',
        ...minimal.violations.slice(0, 10).map((one) => `  ${one}`),
        'the last steps before the last fault:',
        ...lastSteps(minimal).map((one) => `  ${one}`),
      ].join('\n'),
    );
    this.name = 'SimulationFailed';
  }
}

function lastSteps({ trace }: Run): readonly string[] {
  const last = trace.findLastIndex((line) => line.includes(FAULT_MARK));
  return trace.slice(Math.max(0, last - 12), last + 1);
}

/** @returns the faults that a seed stands for */
export function scheduleOf(seed: number): Fault[] {
  const random = seeded(seed);
  const kinds = ['kill', 'fail', 'delay', 'delay', 'again', 'fail'] as const;
  return Array.from({ length: 1 + Math.floor(random() * MOST_FAULTS) }, () => ({
    kind: kinds[Math.floor(random() * kinds.length)],
    at: Math.floor(random() * WITHIN_STEPS),
    choice: random(),
  })).sort((a, b) => a.at - b.at);
}

/** Runs a world once. @param faults other ones than those of the seed */
export function simulate(world: World, seed: number, faults: readonly Fault[] = scheduleOf(seed)): Promise<Run> {
  return new Simulation(world, seed, faults).run();
}

/**
 * Runs a world with each seed until something is not as it should be.
 * @returns how many runs there were, and how often what has gone wrong
 * @throws SimulationFailed with the fewest faults that do it
 */
export async function explore(
  world: World,
  seeds: Iterable<number>,
): Promise<{ readonly runs: number } & Readonly<Record<Fault['kind'], number>>> {
  const done = { runs: 0, kill: 0, fail: 0, delay: 0, again: 0 };
  for (const seed of seeds) {
    const run = await simulate(world, seed);
    if (run.violations.length) throw new SimulationFailed(run, await shrink(world, run));
    done.runs++;
    for (const kind of struck(run)) done[kind]++;
  }
  return done;
}

/** Those faults that came to happen: a run may be over before it is their turn. */
const struck = ({ trace }: Run): Fault['kind'][] =>
  trace.filter((line) => line.includes(FAULT_MARK)).map((line) => line.split(`${FAULT_MARK} `)[1] as Fault['kind']);

/** Leaves out faults, many at once at first, for as long as it still fails. (Zeller's delta debugging.) */
async function shrink(world: World, failing: Run): Promise<Run> {
  let best = failing;
  for (let size = Math.ceil(failing.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.faults.length;) {
      const fewer = [...best.faults.slice(0, at), ...best.faults.slice(at + size)];
      const run = await simulate(world, failing.seed, fewer);
      if (run.violations.length) best = run;
      else at += size;
    }
  }
  return best;
}

/** What the program was doing when it was killed comes to nothing. */
class Killed extends Error {
  constructor() {
    super('the process has been killed');
    this.name = 'Killed';
  }
}

/** Time that moves only when nobody has anything else to do. */
class SimulatedClock extends Clock {
  private readonly tasks: { readonly due: number; readonly task: () => void }[] = [];

  constructor(public time: number) {
    super();
  }

  now(): Date {
    return new Date(this.time);
  }

  after(ms: number, task: () => void): () => void {
    const entry = { due: this.time + ms, task };
    this.tasks.push(entry);
    return () => {
      const at = this.tasks.indexOf(entry);
      if (at >= 0) this.tasks.splice(at, 1);
    };
  }

  /** Moves on to the next task and calls it. @returns whether there was one */
  next(): boolean {
    const [first] = [...this.tasks].sort((a, b) => a.due - b.due);
    if (!first) return false;
    this.tasks.splice(this.tasks.indexOf(first), 1);
    this.time = Math.max(this.time, first.due);
    first.task();
    return true;
  }
}

/** One life of the program, from its start until it is killed or closed. */
export class Life {
  database: Database | undefined;
  dead = false;
  /** Sends to the writer past the simulation. */
  exec: (sql: string) => Promise<void> = async () => undefined;
  private end: () => void = () => undefined;

  constructor(
    private readonly simulation: Simulation,
    readonly clock: SimulatedClock,
  ) {}

  /** From now on each statement waits for its turn. */
  watch(database: Database): void {
    this.database = database;
    this.exec = database.writer.exec.bind(database.writer);
    this.end = interceptStatements(database, ({ connection, sql }, send) =>
      this.simulation.boundary(this, connection, sql, send),
    );
  }

  /** Waits for its turn to call the outside. */
  outside<T>(what: string, call: () => Promise<T>): Promise<T> {
    return this.simulation.boundary(this, 'outside', what, call);
  }

  async die(): Promise<void> {
    this.end();
    await this.database?.writer.close();
    await this.database?.reader.close();
  }
}

type Kind = 'writer' | 'reader' | 'outside';

/** Somebody who waits for a turn. */
interface Waiting {
  readonly life: Life;
  readonly kind: Kind;
  readonly what: string;
  readonly when: 'before' | 'after';
  go(fate?: 'fail' | 'again', choice?: number): void;
  reject(error: Error): void;
}

/** One thing happens at a time: whoever gets to a boundary waits there until it is their turn. */
class Simulation {
  private readonly trace: string[] = [];
  private readonly violations: string[] = [];
  private readonly acknowledged: { readonly command: string; readonly correlationId: string }[] = [];
  private readonly faults: Fault[];
  private waiting: Waiting[] = [];
  /** How many have had their turn and have not come to the next boundary, or to their end. */
  private underWay = 0;
  /** Nobody waits for a turn any more: the simulation itself asks. */
  private open = false;
  private step = 0;
  private life = new Life(this, new SimulatedClock(Date.parse('2026-01-01T00:00:00Z')));
  private program: (Program & { close(): Promise<unknown> }) | undefined;
  private opening: Promise<void> | undefined;

  constructor(
    private readonly world: World,
    private readonly seed: number,
    private readonly given: readonly Fault[],
  ) {
    this.faults = [...given];
  }

  async run(): Promise<Run> {
    const { random } = Math;
    // The jitter of the back-off is a choice, too.
    Math.random = seeded(this.seed + 1);
    try {
      this.world.begin();
      this.start();
      let busy = 0;
      for (const person of this.world.people((command) => this.send(command), seeded(this.seed))) {
        busy++;
        void person()
          .catch((error) => this.violations.push(`somebody gave up: ${String(error)}`))
          .finally(() => busy--);
      }
      await this.untilSettled(() => busy === 0);
      await this.examine();
    } catch (error) {
      this.violations.push(String(error));
    } finally {
      Math.random = random;
      this.open = true;
      for (const one of this.waiting.splice(0)) one.go();
      await this.program?.close();
    }
    const { seed, given: faults, trace, violations } = this;
    return { seed, faults, trace, violations };
  }

  /** Called instead of whatever crosses a boundary. */
  async boundary<T>(life: Life, kind: Kind, what: string, go: () => Promise<T>): Promise<T> {
    if (life.dead) throw new Killed();
    if (this.open) return go();
    const { fate, choice } = await this.turn(life, kind, what, 'before');
    try {
      if (fate === 'fail') await this.fail(life, kind, what, choice);
      const value = await go();
      if (fate === 'again') throw new Error('the answer was lost');
      return value;
    } finally {
      this.underWay--;
      // Of what is only read nobody can tell whether it was read.
      if (kind !== 'reader' && !life.dead && !this.open) {
        await this.turn(life, kind, what, 'after');
        this.underWay--;
      }
    }
  }

  private fail(life: Life, kind: Kind, what: string, choice: number): Promise<never> {
    if (kind === 'outside') throw new Error('the outside does not answer');
    const failures = Object.values(FAILURES);
    const failure = failures[Math.floor(choice * failures.length)];
    return fail(kind === 'writer' ? life.exec : async () => undefined, what, failure);
  }

  private turn(life: Life, kind: Kind, what: string, when: Waiting['when']) {
    return new Promise<{ fate?: 'fail' | 'again'; choice: number }>((resolve, reject) => {
      const go: Waiting['go'] = (fate, choice = 0) => {
        this.underWay++;
        resolve({ fate, choice });
      };
      this.waiting.push({ life, kind, what: what.replace(/\s+/g, ' ').slice(0, 70), when, go, reject });
    });
  }

  private start(): void {
    const { life } = this;
    this.opening = this.world.open(life).then(
      (program) => {
        if (!life.dead) this.program = program;
        this.opening = undefined;
      },
      (error: unknown) => {
        if (life.dead) return;
        // A database that is out of order stops the start; whoever looks after the shop starts it again.
        if (!(error instanceof Error && isOutage(error)) && !/a test has made this fail/.test(String(error))) {
          this.violations.push(`the start was refused: ${String(error)}`);
        }
        life.dead = true;
        this.opening = life.die().then(() => this.begin());
      },
    );
  }

  private begin(): void {
    this.life = new Life(this, new SimulatedClock(this.life.clock.time + 1_000));
    this.start();
  }

  private async send<R>(command: object): Promise<R | undefined> {
    while (!this.program) await nextTurn();
    const request = newRequest('simulated');
    try {
      const answer = await withinRequest(request, () => this.program!.get(CommandBus).execute<object, R>(command));
      this.acknowledged.push({ command: command.constructor.name, correlationId: request.correlationId });
      return answer;
    } catch (error) {
      const expected =
        error instanceof Killed || error instanceof DomainError || /a test has made this fail/.test(String(error));
      if (!expected && !isOutage(error)) {
        this.violations.push(`${command.constructor.name} was answered with ${String(error)}`);
      }
      return undefined;
    }
  }

  /** Lets everybody have their turns until nobody has anything left to do. */
  private async untilSettled(done: () => boolean): Promise<void> {
    for (let advances = 0; ;) {
      await this.quiet();
      if (this.waiting.length) {
        await this.next();
        continue;
      }
      if (done() && this.program) {
        this.open = true;
        const waiting = await this.program.get(ReactionStatuses).waiting();
        this.open = false;
        if (!waiting.length) return;
        if (advances++ > MOST_ADVANCES) throw new Error(`does not settle: ${waiting.join('; ')}`);
      } else if (advances++ > MOST_ADVANCES) throw new Error('somebody is never answered');
      this.life.clock.next();
    }
  }

  /** Resolves when everybody waits for a turn. */
  private async quiet(): Promise<void> {
    do for (let turns = 0; turns < 3; turns++) await nextTurn();
    while (this.underWay > 0 || (this.opening && !this.waiting.length));
  }

  private async next(): Promise<void> {
    const step = this.step++;
    const [fault] = this.faults;
    const due = fault && fault.at <= step ? fault : undefined;
    const ahead = due?.kind === 'delay' ? 1 + Math.floor(due.choice * (this.waiting.length - 1)) : 0;
    const at = ahead < this.waiting.length ? ahead : 0;
    const [one] = this.waiting.splice(at, 1);
    const note = (mark = '') =>
      this.trace.push(`${one.when} ${one.kind}: ${one.what}${mark && ` ${FAULT_MARK} ${mark}`}`);
    const strikes = due && (due.kind !== 'delay' || at > 0) && (due.kind !== 'fail' || one.when === 'before');
    if (!strikes) {
      note();
      return one.go();
    }
    this.faults.shift();
    note(due.kind);
    if (due.kind === 'kill') return this.kill(one);
    if (due.kind === 'fail') return one.go('fail', due.choice);
    if (due.kind === 'again') {
      if (one.kind === 'outside' && one.when === 'before') return one.go('again');
      const reactions = this.program?.get(Reactions);
      for (const { name } of reactions?.all ?? []) reactions!.wake(name);
    }
    one.go();
  }

  /** The process is gone: nothing that it was doing gets any further, and the next one finds what is in the file. */
  private async kill(last: Waiting): Promise<void> {
    const { life, program } = this;
    life.dead = true;
    this.program = undefined;
    for (const one of [last, ...this.waiting.splice(0)]) one.reject(new Killed());
    for (let turns = 0; turns < 10; turns++) await nextTurn();
    program?.get(UnfinishedStarts).close();
    await life.die();
    this.begin();
  }

  private async examine(): Promise<void> {
    this.open = true;
    const program = this.program!;
    const { reader } = program.get(Database);
    for (const { sentence, violations } of await program.get(Doctor).examine()) {
      this.violations.push(`not true: ${sentence}: ${violations.join('; ')}`);
    }
    const log = await reader.all<{ type: string; stream: string; correlation: string; cause: string }>(
      'SELECT type, stream, correlation_id AS correlation, causation_id AS cause FROM event_log ORDER BY position',
    );
    this.trace.push(...log.map(({ type }) => `event ${type}`));
    const known = new Set(log.map(({ correlation }) => correlation));
    for (const { command, correlationId } of this.acknowledged) {
      if (!known.has(correlationId)) this.violations.push(`${command} was answered, but its event is not there`);
    }
    const seen = new Set<string>();
    for (const { type, stream, cause } of log) {
      const name = `${cause} ${type} ${stream}`;
      if (seen.has(name)) this.violations.push(`${type} of ${stream} has been raised twice for one cause`);
      seen.add(name);
    }
    const dead = await reader.all<{ reaction: string; error: string }>('SELECT reaction, error FROM reaction_deferred');
    for (const { reaction, error } of dead) this.violations.push(`${reaction} has given up: ${error}`);
    this.violations.push(...((await this.world.check?.(program)) ?? []));
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

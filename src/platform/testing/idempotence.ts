import { Database } from '../database/database';
import { DatabaseError } from '../database/connection';
import { EventLog } from '../event-log/event-log';
import { Progress } from '../reactions/progress';
import { ReactionDefinition } from '../reactions/reaction-definition';
import { Reactions } from '../reactions/reactions.service';
import { ReactionStatuses } from '../reactions/reaction-status';
import { Interrupted } from '../unit-of-work/time-limit';
import { differences, Snapshot, snapshotOf, withoutNewNames } from './snapshot';
import { Around, begins, commits, interceptStatements, Program } from './statements';

/** The reaction does more than it should when an event is delivered again. The message says what. */
export class NotIdempotent extends Error {
  constructor(reaction: string, what: string, lines: readonly string[] = []) {
    super([`${reaction} ${what}`, ...lines.slice(0, SHOWN).map((line) => `  ${line}`)].join('\n'));
    this.name = 'NotIdempotent';
  }
}

const SHOWN = 20;
const PATIENCE = 10_000;

export interface Expectation {
  /**
   * What the reaction has done outside the database so far: the identity of each thing, in order, such as the Message-ID
   * of each mail. Needed for `effects: 'external'`.
   */
  readonly outside?: () => readonly string[];
}

/**
 * Delivers an event to a reaction again and again, as after a crash, and compares what it leaves behind. What that
 * proves depends on what the reaction may count on:
 *
 * - One that **stores** (and a projection) is handled in one transaction with its checkpoint. It handles the event, the
 *   transaction is lost at its COMMIT, and the platform delivers the event again. Proved: nothing was left behind the
 *   first time, inside the database or outside, and the second time it does the same as the first. Not proved, because it
 *   is not needed: that it could be called twice after a COMMIT. Nobody does that.
 * - One **within the transaction** goes the same way, but the command is lost with it, and given again.
 * - One with **external effects** can be handled twice in full, so it is: once everything that it stores after its first
 *   outside effect is lost; once only its checkpoint is lost. Proved: the third time the database stays exactly as it
 *   was, and what is done outside again bears the same identity as before.
 *
 * An event without any effect proves nothing, and is an error as well.
 *
 * @param reaction its stored name
 * @param cause raises the event and does nothing else: one command. It is done twice for a reaction within the transaction
 * @throws NotIdempotent with the difference
 */
export async function expectIdempotent(
  program: Program,
  reaction: string,
  cause: () => Promise<unknown>,
  { outside }: Expectation = {},
): Promise<void> {
  const { all } = program.get(Reactions);
  const definition = all.find(({ name }) => name === reaction);
  if (!definition)
    throw new Error(`there is no reaction '${reaction}'; there are ${all.map(({ name }) => name).join(', ')}`);
  if (definition.mode === 'external' && !outside) {
    throw new Error(`${reaction} has outside effects: say with { outside } what it has done so far`);
  }
  const trial = new Trial(program, definition, outside ?? (() => []));
  try {
    await trial.quiet();
    if (definition.mode === 'external') await trial.external(cause);
    else if (definition.mode === 'in-transaction') await trial.withinTransaction(cause);
    else await trial.stored(cause);
  } finally {
    await trial.end();
  }
}

/** One reaction that is held back, let go, and robbed of what it has stored. */
class Trial {
  private readonly database: Database;
  private readonly reactions: Reactions;
  private readonly handle: (event: object) => unknown;
  private held = false;
  private begun = 0;
  private ended = 0;
  private stopIntercepting: () => void = () => undefined;

  constructor(
    private readonly program: Program,
    private readonly reaction: ReactionDefinition,
    private readonly outside: () => readonly string[],
  ) {
    this.database = program.get(Database);
    this.reactions = program.get(Reactions);
    const { handler } = reaction;
    this.handle = handler.handle.bind(handler);
    handler.handle = async (event) => {
      // This is nobody's fault: no attempt is counted, and the event comes again.
      if (this.held) throw new Interrupted();
      this.begun++;
      try {
        await this.handle(event);
      } finally {
        this.ended++;
      }
    };
  }

  async end(): Promise<void> {
    this.stopIntercepting();
    this.reaction.handler.handle = this.handle;
    await this.quiet();
  }

  /** Stored, or a projection. */
  async stored(cause: () => Promise<unknown>): Promise<void> {
    const before = await this.holdBackAndRaise(cause);
    const lost = await this.deliver(before.checkpoint, 'lose');
    await this.expectNothingLeft(before);
    const kept = await this.deliver(before.checkpoint, 'keep');
    this.expectAlike(before.rows, lost, kept);
    this.expectOutside(before.outside);
  }

  async withinTransaction(cause: () => Promise<unknown>): Promise<void> {
    const before = await this.now();
    let lost: Snapshot | undefined;
    let kept: Snapshot | undefined;
    let handledBefore = 0;
    this.intercept(async ({ sql }, send) => {
      if (begins(sql)) handledBefore = this.ended;
      if (!commits(sql) || this.ended === handledBefore || kept) return send();
      const seen = await snapshotOf(this.database.writer);
      if (lost) return ((kept = seen), send());
      lost = seen;
      throw crash(sql);
    });
    // Whether it throws is the caller's way of asking; that it was lost can be seen below.
    await Promise.resolve(cause()).catch(() => undefined);
    if (!lost) throw this.noEffect();
    await this.expectNothingLeft(before);
    await cause();
    if (!kept) throw new NotIdempotent(this.reaction.name, 'was not reached when the command was given again');
    this.expectAlike(before.rows, lost, kept);
    this.expectOutside(before.outside);
  }

  async external(cause: () => Promise<unknown>): Promise<void> {
    const before = await this.holdBackAndRaise(cause);
    const done = () => this.outside().slice(before.outside.length);

    // Everything after the first outside effect is lost.
    this.intercept(async ({ sql }, send) => {
      if (commits(sql) && done().length) {
        this.held = true;
        throw crash(sql);
      }
      return send();
    });
    await this.letGo('has handled its event', () => this.ended > 0);
    this.stopIntercepting();
    await this.quiet();
    const first = done();
    if (!first.length) throw this.noEffect();

    // It is handled in full, and only its checkpoint is lost.
    let lost = false;
    this.intercept(async ({ sql }, send) => {
      if (!commits(sql) || (await this.checkpoint()) <= before.checkpoint) return send();
      this.held = lost = true;
      throw crash(sql);
    });
    await this.letGo('has handled its event once more', () => lost);
    this.stopIntercepting();
    const second = done().slice(first.length);
    const stored = await this.now();

    // It is handled in full once more.
    const handled = this.ended;
    await this.letGo('has handled its event a third time', () => this.ended > handled);
    const again = differences(stored.rows, (await this.now()).rows);
    if (again.length) {
      const hint = 'a row that differs in its version alone was saved though nothing had changed';
      throw new NotIdempotent(this.reaction.name, `stores something else the second time (${hint}):`, again);
    }
    const third = done().slice(first.length + second.length);
    const strange = [...first, ...third].filter((identity) => !second.includes(identity));
    if (strange.length) {
      const lines = [...second.map((one) => `- ${one}`), ...strange.map((one) => `+ ${one}`)];
      throw new NotIdempotent(this.reaction.name, 'does something outside again, under another identity:', lines);
    }
  }

  /** Raises the event, and lets everybody handle it but this reaction. */
  private async holdBackAndRaise(cause: () => Promise<unknown>) {
    this.held = true;
    await cause();
    return this.now();
  }

  /** Lets the event go to the reaction once. @returns everything as it is at the end of the reaction's transaction */
  private async deliver(checkpoint: number, fate: 'lose' | 'keep'): Promise<Snapshot> {
    let seen: Snapshot | undefined;
    let failed: { error: string } | undefined;
    this.intercept(async ({ sql }, send) => {
      if (!commits(sql) || seen || (await this.checkpoint()) <= checkpoint) return send();
      const { writer } = this.database;
      [failed] = await writer.all<{ error: string }>('SELECT error FROM reaction_deferred WHERE reaction = $1', [
        this.reaction.name,
      ]);
      seen = await snapshotOf(writer);
      if (fate === 'keep') return send();
      this.held = true;
      throw crash(sql);
    });
    await this.letGo('has handled its event', () => seen !== undefined);
    this.stopIntercepting();
    if (failed) throw new Error(`${this.reaction.name} could not handle its event: ${failed.error}`);
    return seen!;
  }

  private intercept(around: Around): void {
    this.stopIntercepting = interceptStatements(this.database, (statement, send) =>
      statement.connection === 'writer' ? around(statement, send) : send(),
    );
  }

  private async letGo(what: string, condition: () => boolean): Promise<void> {
    const { name } = this.reaction;
    this.held = false;
    this.reactions.wake(name);
    await this.until(what, async () => condition() && !this.reactions.isWorking(name));
  }

  /** As the open transaction has it. */
  private async checkpoint(): Promise<number> {
    const sql = 'SELECT checkpoint FROM reaction WHERE name = $1';
    const [row] = await this.database.writer.all<{ checkpoint: number }>(sql, [this.reaction.name]);
    return row.checkpoint;
  }

  private async now() {
    await this.quiet();
    const [row] = await this.database.reader.all<{ checkpoint: number }>(
      'SELECT checkpoint FROM reaction WHERE name = $1',
      [this.reaction.name],
    );
    return { rows: await snapshotOf(this.database.reader), outside: [...this.outside()], checkpoint: row.checkpoint };
  }

  /** Resolves when nobody has anything to do, but for this reaction if it is held back. */
  async quiet(): Promise<void> {
    const statuses = this.program.get(ReactionStatuses);
    const log = this.program.get(EventLog);
    const others = this.reactions.all.filter(({ name }) => !this.held || name !== this.reaction.name);
    for (const { name } of others) this.reactions.wake(name);
    await this.until('is left alone by the other reactions', async () => {
      if (this.reactions.all.some(({ name }) => this.reactions.isWorking(name))) return false;
      return statuses.havePassed(others, await log.head());
    });
  }

  private async until(what: string, condition: () => Promise<boolean>): Promise<void> {
    if (await this.program.get(Progress).until(condition, PATIENCE)) return;
    if (this.begun === 0 && !this.held) throw this.noEffect();
    throw new Error(`still waiting until ${this.reaction.name} ${what}`);
  }

  private noEffect(): Error {
    return new Error(`${this.reaction.name} has had no effect: this proves nothing`);
  }

  private async expectNothingLeft(before: { readonly rows: Snapshot; readonly outside: readonly string[] }) {
    const { rows } = await this.now();
    const left = differences(before.rows, rows);
    if (left.length)
      throw new NotIdempotent(this.reaction.name, 'leaves something behind when its transaction is lost:', left);
  }

  private expectAlike(before: Snapshot, lost: Snapshot, kept: Snapshot): void {
    if (!differences(before, lost).length) throw this.noEffect();
    const strange = differences(withoutNewNames(lost, before), withoutNewNames(kept, before));
    if (strange.length) throw new NotIdempotent(this.reaction.name, 'does something else the second time:', strange);
  }

  private expectOutside(before: readonly string[]): void {
    const done = this.outside().slice(before.length);
    if (done.length) {
      throw new NotIdempotent(this.reaction.name, 'does something outside that no rollback takes back:', done);
    }
  }
}

/** The process dies here, as far as the database can tell: the transaction is lost, and nobody is to blame. */
const crash = (sql: string) => new DatabaseError('SQLITE_IOERR', 'a test has lost this transaction', sql);

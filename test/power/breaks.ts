/** A way to break the shop on purpose: what is put in the place of what, and the tests that have to notice. */
export interface Break {
  /** What the broken shop does, as a sentence. */
  readonly name: string;
  readonly file: string;
  readonly edits: readonly (readonly [from: string, to: string])[];
  /** Test files, of which at least one must fail. */
  readonly caughtBy: readonly string[];
}

const UNIT_OF_WORK = 'src/platform/unit-of-work/';
const REACTIONS = 'src/platform/reactions/';

export const BREAKS: readonly Break[] = [
  {
    name: 'There is no lane for commands: overlapping transactions become savepoints of each other, as TypeORM has it',
    file: `${UNIT_OF_WORK}lane.ts`,
    edits: [
      [
        `      this.queues[priority].push({ work: inContext, resolve, reject });
      this.running ??= this.ownContext.runInAsyncScope(() => this.drain());`,
        `      const job = { work: inContext, resolve, reject } as Job<G>;
      if (priority === 'command') return void this.ownContext.runInAsyncScope(() => this.runGroup([job]));
      this.queues[priority].push(job);
      this.running ??= this.ownContext.runInAsyncScope(() => this.drain());`,
      ],
      [
        `    await this.connection.begin();`,
        `    await (this.connection as any).run(this.depth ? \`SAVEPOINT s\${this.depth}\` : 'BEGIN IMMEDIATE');
    this.depth++;`,
      ],
      [
        `await this.connection.commit();`,
        `await (this.connection as any).run(--this.depth ? \`RELEASE s\${this.depth}\` : 'COMMIT');`,
      ],
      [
        `this.leftOpen = await this.connection.rollBack().then(`,
        `this.leftOpen = await (this.connection as any).run(--this.depth ? \`ROLLBACK TO s\${this.depth}\` : 'ROLLBACK').then(`,
      ],
      [
        `  private running: Promise<void> | undefined;`,
        `  private running: Promise<void> | undefined;\n  private depth = 0;`,
      ],
    ],
    caughtBy: ['test/guarantees/sqlite.e2e-spec.ts'],
  },
  {
    name: 'Callers are answered before the commit',
    file: `${UNIT_OF_WORK}lane.ts`,
    edits: [[`answers.push(() => job.resolve(value));`, `job.resolve(value);`]],
    caughtBy: ['src/platform/unit-of-work/lane.spec.ts', 'test/guarantees/03-answered-means-stored.e2e-spec.ts'],
  },
  {
    name: 'Events are published before the commit: reactions hear of what may yet be rolled back',
    file: `${UNIT_OF_WORK}lane.ts`,
    edits: [
      [`await this.connection.commit();`, `opened.committed();\n      await this.connection.commit();`],
      [`answers: [() => this.tellCommitted(opened), ...kept],`, `answers: kept,`],
    ],
    caughtBy: ['src/platform/unit-of-work/lane.spec.ts'],
  },
  {
    name: 'What is built on a refused command is stored without it',
    file: `${UNIT_OF_WORK}unit-group.ts`,
    edits: [[`if (root.entangled || root.sent) return [];`, ``]],
    caughtBy: ['test/guarantees/01-good-and-bad-in-one-transaction.e2e-spec.ts'],
  },
  {
    name: 'What another program has stored in between is overwritten',
    file: 'src/platform/database/sqlite-connection.ts',
    edits: [[`if ((await this.writesOfOthers()) !== before) {`, `if (before < 0) {`]],
    caughtBy: ['test/guarantees/01-good-and-bad-in-one-transaction.e2e-spec.ts'],
  },
  {
    name: 'On PostgreSQL processes do not take turns at writing',
    file: 'src/platform/database/postgres-connection.ts',
    edits: [[`; SELECT pg_advisory_lock(\${WRITER})`, ``]],
    caughtBy: ['test/guarantees/05-exactly-one-effect.e2e-spec.ts'],
  },
  {
    name: 'On PostgreSQL a unit of work goes on after a statement that has failed',
    file: 'src/platform/database/dialect.ts',
    edits: [[`forgives: false`, `forgives: true`]],
    caughtBy: ['test/guarantees/01-all-or-nothing.e2e-spec.ts'],
  },
  {
    name: 'On PostgreSQL a transaction goes on with another connection when it has lost its own',
    file: 'src/platform/database/postgres-connection.ts',
    edits: [[`if (this.begunOn) return this.begunOn;`, ``]],
    caughtBy: ['test/guarantees/postgres.e2e-spec.ts'],
  },
  {
    name: 'What another program has stored is passed over',
    file: 'src/platform/event-log/recent-events.ts',
    edits: [[`if (this.end !== head || position < first - 1)`, `if (position < first - 1)`]],
    caughtBy: ['src/platform/event-log/recent-events.spec.ts', 'test/guarantees/04-two-programs.e2e-spec.ts'],
  },
  {
    name: 'A group that fails as a whole is refused as a whole',
    file: `${UNIT_OF_WORK}lane.ts`,
    edits: [[`if (jobs.length === 1 || isOutage(error)) {`, `if (jobs.length) {`]],
    caughtBy: ['src/platform/unit-of-work/lane.spec.ts'],
  },
  {
    name: 'Commits do not wait for the disk',
    file: 'src/platform/database/sqlite-source.ts',
    edits: [[`synchronous: { set: 'FULL', is: 2 }`, `synchronous: { set: 'NORMAL', is: 1 }`]],
    caughtBy: ['test/guarantees/sqlite.e2e-spec.ts'],
  },
  {
    name: 'A row that somebody else has changed is overwritten',
    file: `${UNIT_OF_WORK}transaction.ts`,
    edits: [
      [`if (changed !== updates.length) throw new VersionConflict(shape.name);`, `void changed, VersionConflict;`],
    ],
    caughtBy: ['test/guarantees/01-all-or-nothing.e2e-spec.ts'],
  },
  {
    name: 'The checkpoint moves in a transaction of its own, after the effect',
    file: `${REACTIONS}stored-delivery.ts`,
    edits: [
      [
        `    else books.moveTo(isAll ? Math.max(last, transaction.head) : last);`,
        `    void isAll;\n    this.then = () => books.inUnitOfWork(async () => books.moveTo(last));`,
      ],
      [
        `      const handled = await this.books.inUnitOfWork(() => this.handleNext(this.batch));`,
        `      const handled = await this.books.inUnitOfWork(() => this.handleNext(this.batch));\n      if (handled) await this.then();`,
      ],
      [
        `  constructor(private readonly books: ReactionBooks) {}`,
        `  then: () => Promise<void> = async () => undefined;\n  constructor(private readonly books: ReactionBooks) {}`,
      ],
    ],
    caughtBy: ['test/guarantees/05-exactly-one-effect.e2e-spec.ts', 'test/guarantees/04-nothing-is-lost.e2e-spec.ts'],
  },
  {
    name: 'The checkpoint moves before the effect, in a transaction of its own',
    file: `${REACTIONS}stored-delivery.ts`,
    edits: [
      [
        `      const handled = await this.books.inUnitOfWork(() => this.handleNext(this.batch));`,
        `      const { books } = this;
      const before = await books.state();
      const next = await books.tools.log.after(before.checkpoint, books.reaction.types, this.batch);
      if (next.length) await books.inUnitOfWork(async () => books.moveTo(next[next.length - 1].position));
      const handled = await books.inUnitOfWork(async () => {
        for (const event of next) await this.deliver(event);
        return next.length;
      });`,
      ],
    ],
    caughtBy: ['test/guarantees/05-exactly-one-effect.e2e-spec.ts', 'test/guarantees/04-nothing-is-lost.e2e-spec.ts'],
  },
  {
    name: 'A transaction goes on although SQLite has rolled it back when a read failed',
    file: `${UNIT_OF_WORK}transaction.ts`,
    edits: [[`this.send(() => this.writer.all(sql, parameters))`, `this.writer.all(sql, parameters)`]],
    caughtBy: ['test/guarantees/failure-at-every-statement.e2e-spec.ts'],
  },
  {
    name: 'A letter has no unique key',
    file: 'src/notifications/persistence/migrations/1700000000005-create-notifications.ts',
    edits: [[`CREATE UNIQUE INDEX notifications_notification_once`, `CREATE INDEX notifications_notification_once`]],
    caughtBy: ['test/migrations.e2e-spec.ts', 'test/journeys/tell-the-customer.e2e-spec.ts'],
  },
  {
    name: 'Back-off has no end',
    file: `${REACTIONS}retry-policy.ts`,
    edits: [[`  if (attempts >= retry.attempts) return { dead: 'exhausted' };\n`, ``]],
    caughtBy: ['test/guarantees/08-retry-with-an-end.e2e-spec.ts'],
  },
  {
    name: 'A failed event is forgotten',
    file: `${REACTIONS}deferred-events.ts`,
    edits: [[`    this.work.put(DeferredTable, failed);\n`, ``]],
    caughtBy: ['test/guarantees/08-retry-with-an-end.e2e-spec.ts', 'test/guarantees/06-failures-stay-home.e2e-spec.ts'],
  },
  {
    name: 'Later events of a stream pass the one that failed',
    file: `${REACTIONS}reaction-books.ts`,
    edits: [[`if (this.reaction.onFailure === 'overtake') return new Set();`, `if (this.reaction) return new Set();`]],
    caughtBy: ['test/guarantees/07-order-per-stream.e2e-spec.ts'],
  },
  {
    name: 'Attempts are counted while nothing works',
    file: `${REACTIONS}outage.ts`,
    edits: [[`    if (isTheEventsOwn(error)) return false;`, `    if (!isTheEventsOwn(error) || error) return false;`]],
    caughtBy: ['src/platform/reactions/outage.spec.ts', 'test/guarantees/10-outages-do-not-burn-attempts.e2e-spec.ts'],
  },
  {
    name: 'What was read in a transaction counts although it was changed since',
    file: `${UNIT_OF_WORK}transaction.ts`,
    edits: [
      [`(writes: WriteSet): Promise<void> {\n    this.known.forget();\n`, `(writes: WriteSet): Promise<void> {\n`],
    ],
    caughtBy: ['test/guarantees/01-read-once.e2e-spec.ts'],
  },
  {
    name: 'A checkpoint passes an event that could not be handled',
    file: `${REACTIONS}external-delivery.ts`,
    edits: [[`tried.slice(0, fault?.at)`, `tried`]],
    caughtBy: ['test/guarantees/07-order-per-stream.e2e-spec.ts'],
  },
  {
    name: 'Events are counted when they fail, and not when they start',
    file: `${REACTIONS}unfinished-starts.ts`,
    edits: [[`    this.record?.begin(reaction, position, lane);\n`, ``]],
    caughtBy: ['test/guarantees/09-poison-cannot-loop.e2e-spec.ts'],
  },
  {
    name: 'Nothing is given up that never returns',
    file: `${UNIT_OF_WORK}time-limit.ts`,
    edits: [[`setTimeout(() => reject(new TimedOut(limit)), limit)`, `setTimeout(() => undefined, limit)`]],
    caughtBy: ['test/guarantees/06-hanging-reactions.e2e-spec.ts'],
  },
  {
    name: 'Letters may be sent in the middle of a transaction',
    file: `${UNIT_OF_WORK}outside-only.ts`,
    edits: [[`if (currentScope()) throw`, `if (currentScope() && !what) throw`]],
    caughtBy: ['test/guarantees/12-no-outgoing-io-in-a-transaction.e2e-spec.ts'],
  },
  {
    name: 'The log can be rewritten',
    file: 'src/platform/database/migrations/1700000000001-create-platform.ts',
    edits: [[`BEFORE \${change.toUpperCase()} ON event_log`, `BEFORE \${change.toUpperCase()} ON event_log WHEN 0`]],
    caughtBy: ['test/guarantees/13-history-is-kept-and-replayable.e2e-spec.ts'],
  },
  {
    name: 'During a back-fill what is raised passes the history of its stream',
    file: `${REACTIONS}reaction-books.ts`,
    edits: [
      [
        `if (backfill?.cut === undefined) return blocked;`,
        `if (backfill?.cut === undefined || !areHistory) return blocked;`,
      ],
    ],
    caughtBy: ['test/guarantees/13-the-past-can-be-handed-over.e2e-spec.ts'],
  },
  {
    name: 'During a back-fill what is tried again sets free what the history of its stream comes before',
    file: `${REACTIONS}deferred-events.ts`,
    edits: [[`!(await this.awaitsHistory(row))`, `((await this.awaitsHistory(row)) || true)`]],
    caughtBy: ['test/guarantees/13-the-past-can-be-handed-over.e2e-spec.ts'],
  },
  {
    name: 'A back-fill hands over what is older than what the reaction has handled',
    file: `${REACTIONS}history.ts`,
    edits: [[`position < (last.get(stream) ?? 0)`, `position < 0 * (last.get(stream) ?? 0)`]],
    caughtBy: ['test/guarantees/13-the-past-can-be-handed-over.e2e-spec.ts'],
  },
  {
    name: 'The shop forgets a reaction that has gone',
    file: `${REACTIONS}reactions.service.ts`,
    edits: [[`    await this.registration.refuseWhatIsStored(reactions, retired);\n`, `    void retired;\n`]],
    caughtBy: ['test/guarantees/14-names-outlive-refactoring.e2e-spec.ts'],
  },
  {
    name: 'Copies are sold that are not there',
    file: 'src/inventory/model/inventory.ts',
    edits: [[`    return count <= this.available;`, `    return count <= this.available + 1;`]],
    caughtBy: ['test/journeys/run-out-of-stock.e2e-spec.ts'],
  },
  {
    name: 'The timer publishes what has been put off since it was found to be due',
    file: 'src/catalog/commands/publish-due-books.ts',
    edits: [[`    if (!book.isDue(this.clock.now())) return;\n`, `    void this.clock;\n`]],
    caughtBy: ['test/journeys/publish-books.e2e-spec.ts'],
  },
  {
    name: 'A thing for which an alarm fails keeps all others waiting',
    file: 'src/platform/schedule/alarm-runner.ts',
    edits: [
      [`      if (isNobodysFault(error)) throw error;`, `      if (isNobodysFault(error) || error) throw error;`],
    ],
    caughtBy: ['src/platform/schedule/alarm.spec.ts'],
  },
];

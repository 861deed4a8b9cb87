import { DatabaseError } from '../database/connection';
import { Group, Lane } from './lane';

/** A job does `group.write(its name)`; what the group has written is stored when it is committed. */
class Ledger implements Group {
  written: string[] = [];
  damage: Error | undefined;

  constructor(private readonly desk: Desk) {}

  write(name: string): void {
    this.written.push(name);
  }

  assertSound(): void {
    if (this.damage) throw this.damage;
  }

  flush(): Promise<void> {
    this.desk.told.push('flush');
    const culprit = this.written.find((name) => this.desk.culprits.has(name));
    if (culprit) this.desk.onFlushFailed();
    return culprit ? Promise.reject(new Error(`${culprit} cannot be stored`)) : Promise.resolve();
  }

  refused(): number[] {
    return this.written.flatMap((name, at) => (this.desk.named.has(name) ? [at] : []));
  }

  restart(without: readonly number[]): Promise<void> {
    this.written = this.written.filter((_, at) => !without.includes(at));
    return Promise.resolve();
  }

  rolledBack(): void {
    this.desk.abandoned.push(this.written);
  }

  committed(): void {
    this.desk.told.push('told');
    this.desk.afterCommit();
    if (this.desk.deaf) throw new Error('nobody listens');
  }
}

/** A connection that notes what it is told, and a lane that leads to it. */
class Desk {
  readonly told: string[] = [];
  readonly stored: string[] = [];
  readonly culprits = new Set<string>();
  /** Those among them of whom the flush can tell. */
  readonly named = new Set<string>();
  /** Errors of the statements, by what they begin with; each is thrown once. */
  readonly failures = new Map<string, Error>();
  readonly abandoned: string[][] = [];
  /** The names of the jobs in the order in which they were done. */
  readonly begun: string[] = [];
  onFlushFailed: () => void = () => undefined;
  afterCommit: () => void = () => undefined;
  transactions = 0;
  deaf = false;
  private inside = false;
  private current: Ledger | undefined;

  readonly lane = new Lane<Ledger>(
    {
      begin: () => this.run('BEGIN IMMEDIATE'),
      commit: () => this.run('COMMIT'),
      rollBack: () => this.run('ROLLBACK'),
      beginAnew: async () => {
        await this.run('ROLLBACK');
        await this.run('BEGIN IMMEDIATE');
      },
    },
    () => Promise.resolve((this.current = new Ledger(this))),
    (inside) => this.told.push(inside ? 'inside' : 'outside'),
  );

  /** The names of the jobs of each committed transaction. */
  readonly commits: string[][] = [];

  private async run(sql: string): Promise<void> {
    this.told.push(sql);
    // A statement takes its time: whoever does not wait for it is found out.
    await new Promise(setImmediate);
    const failure = this.failures.get(sql);
    if (failure) {
      this.failures.delete(sql);
      throw failure;
    }
    if (sql === 'BEGIN IMMEDIATE') {
      expect(this.inside).toBe(false);
      this.inside = true;
      this.transactions++;
    } else {
      this.inside = false;
      if (sql === 'COMMIT') {
        this.commits.push(this.current!.written);
        this.stored.push(...this.current!.written);
      }
    }
  }

  /** A job that writes its own name. */
  store(name: string, priority: 'command' | 'reaction' = 'command'): Promise<string> {
    return this.lane.run((group) => {
      this.begun.push(name);
      group.write(name);
      return Promise.resolve(name);
    }, priority);
  }

  refuse(name: string): Promise<never> {
    return this.lane.run(() => Promise.reject(new Error(`${name} is refused`)), 'command');
  }
}

const outcome = async (answers: Promise<unknown>[]) =>
  (await Promise.allSettled(answers)).map((one) =>
    one.status === 'fulfilled' ? one.value : (one.reason as Error).message,
  );

const busy = () => new DatabaseError('SQLITE_BUSY', 'SQLITE_BUSY: database is locked', 'BEGIN IMMEDIATE');

describe('the lane to the writing connection', () => {
  let desk: Desk;
  beforeEach(() => (desk = new Desk()));

  it('stores what comes in the same turn in one transaction', async () => {
    expect(await outcome(['a', 'b', 'c'].map((name) => desk.store(name)))).toEqual(['a', 'b', 'c']);
    expect(desk.commits).toEqual([['a', 'b', 'c']]);
  });

  it('takes what has come meanwhile as the next group, and never more than 64', async () => {
    const names = Array.from({ length: 130 }, (_, at) => `${at}`);
    await Promise.all(names.map((name) => desk.store(name)));
    expect(desk.commits.map(({ length }) => length)).toEqual([64, 64, 2]);
    expect(desk.stored).toEqual(names);
  });

  it('runs one job after another', async () => {
    const seen: string[] = [];
    const slow = (name: string) =>
      desk.lane.run(async () => {
        seen.push(`${name} begins`);
        await new Promise(setImmediate);
        seen.push(`${name} ends`);
      }, 'command');
    await Promise.all([slow('a'), slow('b')]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('answers nobody before the commit', async () => {
    const answer = (name: string) => () => void desk.told.push(`${name} is answered`);
    await Promise.all([desk.store('a').then(answer('a')), desk.refuse('b').catch(answer('b'))]);
    expect(desk.told).toEqual([
      'BEGIN IMMEDIATE',
      'inside',
      'flush',
      'COMMIT',
      'outside',
      'told',
      'a is answered',
      'b is answered',
    ]);
  });

  it('stores the good and refuses the bad of one group, in one transaction', async () => {
    const answers = [desk.store('a'), desk.refuse('b'), desk.store('c')];
    expect(await outcome(answers)).toEqual(['a', 'b is refused', 'c']);
    expect(desk.commits).toEqual([['a', 'c']]);
  });

  it('splits a group that fails as a whole until the culprit is alone', async () => {
    desk.culprits.add('f');
    const answers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => desk.store(name));
    expect(await outcome(answers)).toEqual(['a', 'b', 'c', 'd', 'e', 'f cannot be stored', 'g', 'h']);
    expect(desk.commits).toEqual([['a', 'b', 'c', 'd'], ['e'], ['g', 'h']]);
  });

  describe('when the flush knows whose fault it is', () => {
    const blame = (...names: string[]) => names.forEach((name) => desk.culprits.add(name) && desk.named.add(name));

    it('stores the others without doing them again, and does the culprits alone', async () => {
      blame('b', 'd');
      const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => desk.store(name));
      expect(await outcome(answers)).toEqual(['a', 'b cannot be stored', 'c', 'd cannot be stored', 'e']);
      expect(desk.commits).toEqual([['a', 'c', 'e']]);
      expect(desk.begun).toEqual(['a', 'b', 'c', 'd', 'e', 'b', 'd']);
    });

    it('takes one for which it was too early, when it is done alone', async () => {
      blame('b');
      const answers = ['a', 'b'].map((name) => desk.store(name));
      desk.afterCommit = () => desk.culprits.clear();
      expect(await outcome(answers)).toEqual(['a', 'b']);
      expect(desk.commits).toEqual([['a'], ['b']]);
    });

    it('splits the group when there is yet another fault', async () => {
      blame('b');
      desk.culprits.add('d');
      const answers = ['a', 'b', 'c', 'd'].map((name) => desk.store(name));
      expect(await outcome(answers)).toEqual(['a', 'b cannot be stored', 'c', 'd cannot be stored']);
      expect(desk.stored).toEqual(['a', 'c']);
    });

    it('refuses all when the transaction cannot be begun again', async () => {
      blame('b');
      const answers = ['a', 'b'].map((name) => desk.store(name));
      desk.onFlushFailed = () => desk.failures.set('BEGIN IMMEDIATE', busy());
      expect(await outcome(answers)).toEqual(Array(2).fill('SQLITE_BUSY: database is locked'));
      expect(desk.stored).toEqual([]);
    });
  });

  it('tells a group of which nothing has happened', async () => {
    desk.culprits.add('b');
    await outcome([desk.store('a'), desk.store('b')]);
    expect(desk.abandoned).toEqual([['a', 'b'], ['b']]);
    expect(desk.commits).toEqual([['a']]);
  });

  it('refuses each of several culprits with its own error', async () => {
    for (const name of ['a', 'c', 'd']) desk.culprits.add(name);
    const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => desk.store(name));
    expect(await outcome(answers)).toEqual([
      'a cannot be stored',
      'b',
      'c cannot be stored',
      'd cannot be stored',
      'e',
    ]);
    expect(desk.stored).toEqual(['b', 'e']);
  });

  it('splits a group when the commit itself fails', async () => {
    desk.failures.set('COMMIT', new DatabaseError('SQLITE_CONSTRAINT', 'FOREIGN KEY constraint failed', 'COMMIT'));
    expect(await outcome(['a', 'b'].map((name) => desk.store(name)))).toEqual(['a', 'b']);
    expect(desk.commits).toEqual([['a'], ['b']]);
    expect(desk.told.filter((one) => one === 'ROLLBACK')).toHaveLength(1);
  });

  it('does nobody again when the database itself is out of order: all are refused at once', async () => {
    desk.failures.set('COMMIT', new DatabaseError('SQLITE_FULL', 'SQLITE_FULL: the disk is full', 'COMMIT'));
    expect(await outcome(['a', 'b', 'c'].map((name) => desk.store(name)))).toEqual(
      Array(3).fill('SQLITE_FULL: the disk is full'),
    );
    expect(desk.transactions).toBe(1);
    expect(desk.stored).toEqual([]);
    expect(await desk.store('d')).toBe('d');
  });

  it('refuses all when no transaction can be begun, and goes on with the next', async () => {
    desk.failures.set('BEGIN IMMEDIATE', busy());
    expect(await outcome([desk.store('a'), desk.store('b')])).toEqual(Array(2).fill('SQLITE_BUSY: database is locked'));
    expect(await desk.store('c')).toBe('c');
    expect(desk.stored).toEqual(['c']);
  });

  it('rolls back work that has left traces, even if it says that all is well', async () => {
    const spoil = desk.lane.run((group) => {
      group.write('half');
      group.damage = new Error('only half of it was stored');
      return Promise.resolve('well');
    }, 'command');
    expect(await outcome([desk.store('a'), spoil, desk.store('b')])).toEqual(['a', 'only half of it was stored', 'b']);
    expect(desk.stored).toEqual(['a', 'b']);
  });

  it('goes on when even the rollback fails', async () => {
    desk.culprits.add('a');
    desk.failures.set('ROLLBACK', new Error('no transaction is active'));
    // The transaction is gone by itself then.
    const answer = desk.store('a').finally(() => Object.assign(desk, { inside: false }));
    expect(await outcome([answer])).toEqual(['a cannot be stored']);
    expect(await desk.store('b')).toBe('b');
  });

  it('rolls back what could not be rolled back before, instead of never beginning again', async () => {
    desk.culprits.add('a');
    desk.failures.set('ROLLBACK', new DatabaseError('SQLITE_IOERR', 'SQLITE_IOERR: disk I/O error', 'ROLLBACK'));
    expect(await outcome([desk.store('a')])).toEqual(['a cannot be stored']);
    expect(await outcome([desk.store('b'), desk.store('c')])).toEqual(['b', 'c']);
    expect(desk.commits).toEqual([['b', 'c']]);
  });

  it('lets commands and reactions take turns', async () => {
    const order: string[] = [];
    const job = (name: string, priority: 'command' | 'reaction') =>
      desk.lane.run(() => Promise.resolve(void order.push(name)), priority);
    const commands = Array.from({ length: 130 }, () => job('command', 'command'));
    const reactions = Array.from({ length: 70 }, () => job('reaction', 'reaction'));
    await Promise.all([...commands, ...reactions]);
    const turns = order.filter((name, at) => name !== order[at - 1]);
    expect(turns).toEqual(['command', 'reaction', 'command', 'reaction', 'command']);
  });

  it('never puts commands and reactions into one transaction', async () => {
    await Promise.all([desk.store('command'), desk.store('reaction', 'reaction')]);
    expect(desk.commits).toEqual([['command'], ['reaction']]);
  });

  it('takes what its own jobs ask for', async () => {
    let second: Promise<string> = Promise.resolve('');
    const first = desk.lane.run(() => {
      second = desk.store('b');
      return Promise.resolve('a');
    }, 'command');
    expect(await first).toBe('a');
    expect(await second).toBe('b');
  });

  it('does nobody again when those who hear of the commit fail', async () => {
    desk.deaf = true;
    expect(await outcome([desk.store('a'), desk.store('b')])).toEqual(['a', 'b']);
    expect(desk.stored).toEqual(['a', 'b']);
  });

  it('is idle when everything is done', async () => {
    const answers = ['a', 'b'].map((name) => desk.store(name));
    await desk.lane.idle();
    expect(desk.stored).toEqual(['a', 'b']);
    await Promise.all(answers);
    await desk.lane.idle();
  });
});

import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { compile } from '../test/support/compiled';
import { atTheEnd } from './at-the-end';
import { ended } from './child';
import { Database, SqliteFile } from './database';
import { PACKAGES_FOLDER } from './installed';
import { isbnOf, Job, Load } from './load';
import type { Postgres } from './postgres';

const ROOT = join(__dirname, '..');

/** Nothing that is measured takes longer to come to its end, in milliseconds. */
const PATIENCE = 600_000;

/** How often it is looked whether everything is delivered, in milliseconds. */
const LOOK_EVERY = 5;

export const PROGRAMS = ['hello', 'memory', 'direct', 'naive', 'platform', 'shop', 'shop-with-more-reactions'] as const;
/** Those over PostgreSQL. */
export const PEERS = ['graphile-worker', 'pg-boss', 'pg-transactional-outbox', 'nestjs-outbox'] as const;
export type PeerName = (typeof PEERS)[number];
export type ProgramName = (typeof PROGRAMS)[number] | PeerName;

/** What one spell of load has come to. Rates are per second, times in milliseconds. */
export interface Spell extends Load {
  /** Commands that were answered with 201. */
  readonly accepted: number;
  readonly acceptedPerSecond: number;
  /** Books whose inventory record is there, over the time from the first request to the last reaction. */
  readonly deliveredPerSecond: number;
}

interface Counts {
  readonly books: number;
  readonly inventories: number;
}

/** The numbers of books that have been used up: an ISBN is in the catalog once. */
let lastBook = 0;

/** A program in a process of its own, with a new folder and a new database. */
export class Program {
  /** Milliseconds from the start of the process until it listens. */
  readonly openedAfter: number;

  private constructor(
    readonly name: ProgramName,
    readonly url: string,
    private readonly database: Database,
    private readonly process: ChildProcess,
    openedAfter: number,
    /** Ends it, and removes what was made for it. */
    readonly stop: () => Promise<void>,
  ) {
    this.openedAfter = openedAfter;
  }

  /**
   * @param folder with a database that is there already; it stays when the program ends
   * @param server of PostgreSQL where its database is made; without one it is a file of SQLite's
   */
  static async start(name: ProgramName, folder?: string, server?: Postgres): Promise<Program> {
    const own = folder ?? mkdtempSync(join(tmpdir(), 'bookshelf-bench-'));
    const database: Database = server ? await server.create() : new SqliteFile(join(own, 'shop.db'));
    const file = name === 'shop' ? join(ROOT, 'dist', 'main.js') : join(programs(), 'programs', `${name}.js`);
    const began = performance.now();
    const child = spawn(process.execPath, [file], {
      cwd: own,
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: database.url,
        BENCH_PACKAGES: PACKAGES_FOLDER,
        PORT: '0',
        INITIAL_STOCK: '1000000',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const stop = atTheEnd(async () => {
      await database.close();
      await ended(child);
      await database.drop?.();
      if (!folder) rmSync(own, { recursive: true, force: true });
    });
    try {
      const url = await opened(child);
      return new Program(name, url, database, child, performance.now() - began, stop);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  /** Megabytes that the process holds. */
  get memory(): number {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.process.pid)], { encoding: 'utf8' })) / 1024;
  }

  /** Sends load from a process of its own, and waits until everything that follows from it is done. */
  async load(job: Omit<Job, 'url' | 'first'>): Promise<Spell> {
    const before = await this.counts();
    const load = await this.send(job);
    const accepted = load.statuses['201'] ?? 0;
    const wanted = before.inventories + (job.send === 'book' ? accepted : 0);
    const delivered = await this.delivered(wanted);
    const seconds = (until: number) => (until - load.began) / 1000;
    await this.settle();
    return {
      ...load,
      accepted,
      acceptedPerSecond: accepted / seconds(load.ended),
      deliveredPerSecond: accepted / seconds(Math.max(delivered, load.ended)),
    };
  }

  /** Sends load from a process of its own, and waits for the answers only. */
  async send(job: Omit<Job, 'url' | 'first'>): Promise<Load> {
    const load = await drive({ ...job, url: this.url, first: lastBook });
    if (job.send === 'book') lastBook += load.requests;
    return load;
  }

  /** Makes it warm: nothing of this is measured. */
  async warmUp(seconds: number): Promise<void> {
    await this.load({ send: 'book', connections: 16, seconds });
  }

  /** @returns when there were as many inventory records, in milliseconds since 1970. @throws Error when they do not come */
  async delivered(wanted: number): Promise<number> {
    const deadline = Date.now() + PATIENCE;
    let found = 0;
    while (Date.now() < deadline) {
      found = (await this.counts()).inventories;
      const now = Date.now();
      if (found >= wanted && (!isPeer(this.name) || (await this.stored()).inventories >= wanted)) return now;
      await sleep(LOOK_EVERY);
    }
    throw new Error(`${this.name} has lost something: ${found} inventory records instead of ${wanted}`);
  }

  /** Resolves when every reaction has read the whole log. */
  async settle(): Promise<void> {
    if (!this.hasPlatform) return;
    for (;;) {
      const answer = await fetch(`${this.url}/reactions`);
      const { items } = (await answer.json()) as { items: { lag: number; deferred: number; state: string }[] };
      if (items.every(({ lag, deferred, state }) => lag + deferred === 0 && state === 'idle')) return;
      await sleep(20);
    }
  }

  /** What is not as it should be: everything that was accepted has had its effect once. Empty when all is well. */
  async complaints(accepted: number): Promise<string[]> {
    const { books, inventories } = await this.stored();
    const complaints: string[] = [];
    const expect = (what: string, found: number, wanted: number) => {
      if (found !== wanted) complaints.push(`${this.name}: ${what}: ${found} instead of ${wanted}`);
    };
    expect('books', books, accepted);
    expect('inventory records', inventories, accepted);
    if (!this.isInMemory) {
      const [{ lost }] = await this.rows<{ lost: number }>(
        'SELECT count(*) AS lost FROM catalog_book WHERE id NOT IN (SELECT book_id FROM inventory_stock)',
      );
      expect('books without an inventory record', lost, 0);
    }
    if (this.isShop) {
      const [{ opened }] = await this.rows<{ opened: number }>(
        `SELECT count(*) AS opened FROM inventory_movement WHERE kind = 'opened'`,
      );
      expect('openings of stock', opened, accepted);
    }
    return complaints;
  }

  async counts(): Promise<Counts> {
    return this.isInMemory || isPeer(this.name) ? this.told() : this.stored();
  }

  /** What it says of itself. To count the rows of a peer at each look would keep PostgreSQL from its work. */
  private async told(): Promise<Counts> {
    return (await (await fetch(`${this.url}/count`)).json()) as Counts;
  }

  private async stored(): Promise<Counts> {
    if (this.isInMemory) return this.told();
    const [counts] = await this.rows<Counts>(
      `SELECT (SELECT count(*) FROM catalog_book) AS books, (SELECT count(*) FROM inventory_stock) AS inventories`,
    );
    return counts;
  }

  /** Reads the program's database, beside it. */
  rows<Row>(sql: string): Promise<Row[]> {
    return this.database.rows(sql);
  }

  /** It has a log, and tells how far its reactions have come. */
  get hasPlatform(): boolean {
    return this.isShop || this.name === 'platform';
  }

  private get isShop(): boolean {
    return this.name.startsWith('shop');
  }

  private get isInMemory(): boolean {
    return this.name === 'hello' || this.name === 'memory';
  }
}

/** Runs `work` with these programs, and ends them. */
export async function withPrograms<T>(
  names: readonly ProgramName[],
  work: (programs: readonly Program[]) => Promise<T>,
  serverOf: (name: ProgramName) => Postgres | undefined = () => undefined,
): Promise<T> {
  const started: Program[] = [];
  try {
    for (const name of names) started.push(await Program.start(name, undefined, serverOf(name)));
    return await work(started);
  } finally {
    for (const program of started) await program.stop();
  }
}

/** A list of so many books that nobody has added yet, as CSV. */
export function bookList(length: number): string {
  const rows = Array.from({ length }, (_, at) => {
    const number = lastBook + at + 1;
    return `The Great Book of ${number},F. Scott Fitzgerald,${isbnOf(number)},12.99,USD`;
  });
  lastBook += length;
  return ['title,author,isbn,price,currency', ...rows].join('\n');
}

/** Compiled together, as they share the sources of the shop. */
const programs = (): string => join(compile(['src', 'bench']), 'bench');

async function drive(job: Job): Promise<Load> {
  const child = spawn(process.execPath, [join(programs(), 'load.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const stop = atTheEnd(() => ended(child));
  try {
    child.stdin.end(JSON.stringify(job));
    return (await json(child.stdout)) as Load;
  } finally {
    await stop();
  }
}

const isPeer = (name: ProgramName): name is PeerName => (PEERS as readonly ProgramName[]).includes(name);

function opened(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (text: Buffer) => {
      // Afterwards it is read and forgotten: a full pipe would stop the program.
      if (output.length < 10_000) output += text.toString();
      const url = /API\s+(http:\S+)\n/.exec(output)?.[1];
      if (url) resolve(url);
    });
    child.once('exit', () => reject(new Error(`a program has ended before it was open: ${output}`)));
  });
}

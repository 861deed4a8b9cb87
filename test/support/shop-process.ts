import { ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import request from 'supertest';
import { compiled } from './compiled';
import { databaseIn } from './database';

/** Starting takes a second where nothing else runs. */
const PATIENCE = 60_000;

/** A reaction that is doing something, or will. */
const BUSY = new Set(['working', 'rebuilding', 'back-filling', 'paused']);

interface Settings {
  /** The folder of a shop that was opened before. */
  readonly folder?: string;
  /** A file beside this one whose `providers` the program has in addition. */
  readonly extras?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The program in a process of its own, so that it can be killed. */
export class ShopProcess {
  readonly ended: Promise<End>;
  output = '';

  private constructor(
    private readonly process: ChildProcess,
    readonly folder: string,
  ) {
    this.ended = new Promise((resolve) => process.on('exit', (code, signal) => resolve({ code, signal })));
    process.stdout!.on('data', (text: Buffer) => (this.output += text.toString()));
    process.stderr!.on('data', (text: Buffer) => (this.output += text.toString()));
  }

  /** Starts the program, and does not wait until it is open. */
  static launch({ folder = newFolder(), extras, environment = {} }: Settings = {}): ShopProcess {
    const root = compiled();
    const program = extras ? ['test', 'support', 'shop-program.js'] : ['src', 'main.js'];
    const child = spawn(process.execPath, [join(root, ...program), ...(extras ? [extras] : [])], {
      cwd: folder,
      env: { PATH: process.env.PATH, DATABASE_URL: databaseIn(folder), DATA_DIR: folder, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ShopProcess(child, folder);
  }

  /** Starts the program. @throws Error with what it has said when it does not open */
  static async start(settings: Settings = {}): Promise<ShopProcess> {
    const shop = ShopProcess.launch(settings);
    const url = await Promise.race([shop.opened(), shop.ended]);
    if (typeof url !== 'string') throw new Error(`the shop has ended before it was open: ${shop.output}`);
    return shop;
  }

  get url(): string {
    const url = /API\s+(http:\S+)/.exec(this.output)?.[1];
    if (!url) throw new Error(`the shop is not open yet: ${this.output}`);
    return url;
  }

  /** A client of the shop. */
  http() {
    return request(this.url);
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Ends it without a word, at whatever it is. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Asks it to end. */
  async stop(): Promise<End> {
    this.signal('SIGTERM');
    return this.ended;
  }

  /** Resolves when every reaction has handled everything. @throws Error which says what is still waiting */
  async settle(): Promise<void> {
    let waiting: string[] = [];
    const deadline = Date.now() + PATIENCE;
    for await (const _ of setInterval(20)) {
      const { body } = await this.http().get('/reactions').expect(200);
      waiting = (body.items as { name: string; lag: number; deferred: number; state: string }[])
        .filter(({ lag, deferred, state }) => lag > 0 || deferred > 0 || BUSY.has(state))
        .map(({ name, lag, deferred, state }) => `${name} is ${state}: ${lag} to handle, ${deferred} deferred`);
      if (waiting.length === 0) return;
      if (Date.now() > deadline) break;
    }
    throw new Error(`not settled:\n${waiting.join('\n')}`);
  }

  /** Resolves when what the shop has said is as the test wants it. @throws Error with it when it does not come true */
  async until(what: string, condition: (output: string) => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    for await (const _ of setInterval(20)) {
      if (condition(this.output)) return;
      if (Date.now() > deadline) break;
    }
    throw new Error(`still waiting until ${what}: ${this.output}`);
  }

  /** Resolves when the shop is open, if it lives so long. */
  opened(): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the shop does not open: ${this.output}`)), PATIENCE);
      const look = () => {
        if (!/API\s+http:\S+\n/.test(this.output)) return;
        clearTimeout(timer);
        this.process.stdout!.off('data', look);
        resolve(this.url);
      };
      this.process.stdout!.on('data', look);
      void this.ended.then(() => clearTimeout(timer));
    });
  }
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'bookshelf-'));

/**
 * The environment in which a program ends itself as a power cut would, at the statement that the last of these patterns
 * fits once all those before have been seen: before it, or behind it when the pattern starts with `after `.
 */
export const dyingAt = (...patterns: string[]): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--require ${join(compiled(), 'test', 'support', 'death.js')}`,
  DEATH: JSON.stringify(patterns),
});

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

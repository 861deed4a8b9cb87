import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsoleLogger, Logger, LoggerService, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { configure } from '../../src/app.configure';
import { AppModule } from '../../src/app.module';
import { Clock, SystemClock } from '../../src/kernel/clock';
import { Doctor } from '../../src/platform/invariants/doctor';
import { ReadDatabase } from '../../src/platform/database/read-database';
import { Environment } from '../../src/platform/environment';
import { createFastifyAdapter } from '../../src/platform/http/fastify';
import { Progress } from '../../src/platform/reactions/progress';
import { UnitOfWork } from '../../src/platform/unit-of-work/unit-of-work';
import { makeDatabase } from './database';

/** What goes wrong in a test mostly does so on purpose. TEST_LOG=1 shows it. */
const SILENT: LoggerService = { log: () => undefined, warn: () => undefined, error: () => undefined };
const LOGGER = process.env.TEST_LOG ? new ConsoleLogger() : SILENT;
Logger.overrideLogger(LOGGER);

/** What the payment provider signs its messages with, in every test. */
export const SECRET = 'a-secret-of-tests-only';

export interface Settings {
  /** The modules of the program; the whole shop where they are missing. */
  readonly modules?: ModuleMetadata['imports'];
  /** Providers and handlers that exist in this test only. */
  readonly providers?: Provider[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** The folder of a shop that was opened before, to open it again. */
  readonly folder?: string;
}

/** A shop with a database of its own, in a folder of its own. */
export class Bookshelf {
  private isOpen = true;

  private constructor(
    private readonly app: NestFastifyApplication,
    readonly folder: string,
    private readonly isPlain: boolean,
  ) {}

  /** Opens a shop. @throws what would stop the program at its start */
  static async start({ modules = [AppModule], providers = [], environment = {}, clock, folder }: Settings = {}) {
    const home = folder ?? (await mkdtemp(join(tmpdir(), 'bookshelf-')));
    const variables = {
      DATABASE_URL: await makeDatabase(home),
      DATA_DIR: home,
      PAYMENT_WEBHOOK_SECRET: SECRET,
      PAYMENT_PROVIDER_URL: `local:${join(home, 'payments')}`,
      ...environment,
    };
    const module = await Test.createTestingModule({ imports: modules, providers })
      .setLogger(LOGGER)
      .overrideProvider(Environment)
      .useValue(new Environment(variables))
      .overrideProvider(Clock)
      .useValue(clock ?? new SystemClock())
      .compile();
    const app = configure(module.createNestApplication<NestFastifyApplication>(createFastifyAdapter()));
    try {
      await app.listen(0, '127.0.0.1');
    } catch (error) {
      await app.close().catch(() => undefined);
      throw error;
    }
    return new Bookshelf(app, home, modules.length === 1 && modules[0] === AppModule && providers.length === 0);
  }

  /** A client of the shop. */
  http() {
    return request(this.app.getHttpServer());
  }

  get url(): Promise<string> {
    return this.app.getUrl();
  }

  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T {
    return this.app.get<T>(token, { strict: false });
  }

  /** Sends a command as a controller would. */
  send<R>(command: object): Promise<R> {
    return this.get(CommandBus).execute<object, R>(command);
  }

  /** What is committed, as anybody may read it. */
  rows<Row>(sql: string, parameters: readonly (string | number)[] = []): Promise<Row[]> {
    return this.get(ReadDatabase).all<Row>(sql, parameters);
  }

  get work(): UnitOfWork {
    return this.get(UnitOfWork);
  }

  /** Resolves when every reaction has handled everything. @throws Error which says what is still waiting */
  settle(timeout?: number): Promise<void> {
    return this.get(Progress).settle(timeout);
  }

  /** Resolves when `condition` holds. @throws Error with `what` when it does not come true in time */
  async until(what: string, condition: () => Promise<boolean>): Promise<void> {
    if (!(await this.get(Progress).until(condition, 10_000))) throw new Error(`still waiting until ${what}`);
  }

  /** Closes the shop; its folder stays, so that it can be opened again. */
  async stop(): Promise<void> {
    this.isOpen = false;
    await this.app.close();
  }

  /** Closes the shop for good. @throws Error when it is not as it should be, in a shop that is as it is sold */
  async close(): Promise<void> {
    const findings = this.isPlain && this.isOpen ? await this.get(Doctor).examine() : [];
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
    if (findings.length) throw new Error(`the shop is not sound: ${JSON.stringify(findings, null, 2)}`);
  }
}

/** A clock that stands still until the test moves it. */
export class ManualClock extends Clock {
  private time = Date.parse('2026-01-01T00:00:00Z');
  private readonly tasks = new Set<{ readonly due: number; readonly task: () => void }>();

  now(): Date {
    return new Date(this.time);
  }

  after(ms: number, task: () => void): () => void {
    const entry = { due: this.time + ms, task };
    this.tasks.add(entry);
    return () => this.tasks.delete(entry);
  }

  /** How many have asked to be called later. */
  get waits(): number {
    return this.tasks.size;
  }

  /** Moves time on, and calls what has become due on the way. */
  advance(ms: number): void {
    this.time += ms;
    for (const entry of [...this.tasks].filter(({ due }) => due <= this.time)) {
      this.tasks.delete(entry);
      entry.task();
    }
  }
}

import { existsSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module';
import { databaseOptions } from '../platform/database/database.options';
import { isOutdated } from '../platform/database/sqlite-source';
import { Environment } from '../platform/environment';
import { QuietLogger } from '../platform/observability/quiet-logger';
import { reasonToStop } from '../platform/observability/reason-to-stop';

/** The program cannot do what it was asked for, and the reason is for people: one line, no stack. */
export class Failure extends Error {}

const INTERRUPTED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** The first Ctrl-C asks the program to stop cleanly; the second does not ask. */
export class Interruption {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  private exitCode = 0;

  constructor() {
    for (const [name, code] of Object.entries(INTERRUPTED)) {
      process.on(name, () => {
        if (this.signal.aborted) process.exit(code);
        this.exitCode = code;
        this.controller.abort();
      });
    }
  }

  /** What the program has to exit with, if it was interrupted. */
  get code(): number | undefined {
    return this.signal.aborted ? this.exitCode : undefined;
  }
}

/** Runs a program to its exit code, which is 1 after a failure. */
export function runProgram(program: (interruption: Interruption) => Promise<number>): void {
  // Whoever reads the output may have seen enough (`| head`), which is no reason to leave the work half done.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  void program(new Interruption())
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Failure ? error.message : reasonToStop(error)}\n`);
      return 1;
    })
    .then((code) => (process.exitCode = code));
}

/** What came from a stranger's file, without the characters that a terminal would take as orders. */
export const printable = (text: string): string => text.replace(/\p{Cc}+/gu, '�');

/** Opens the shop without its HTTP side, for as long as the work takes. Reactions run meanwhile. */
export async function withShop<T>(work: (shop: INestApplicationContext) => Promise<T>): Promise<T> {
  const shop = await NestFactory.createApplicationContext(AppModule, {
    logger: new ComplaintsOnly(),
    abortOnError: false,
  });
  try {
    return await work(shop);
  } finally {
    await shop.close();
  }
}

/**
 * The same without reactions: the work looks, or changes something by itself, and leaves the rest to the open shop.
 *
 * @throws Failure rather than make a database where there is none, or bring an old one up to date
 */
export async function withIdleShop<T>(work: (shop: INestApplicationContext) => Promise<T>): Promise<T> {
  const options = databaseOptions(Environment.ofProcess());
  if (!existsSync(options.database)) throw new Failure(`there is no database at ${options.database}`);
  if (await isOutdated(options)) {
    throw new Failure(`the database at ${options.database} is older than this program: start the shop first`);
  }
  process.env.REACTIONS = 'off';
  return withShop(work);
}

/** The screen belongs to the program; what goes wrong is told all the same. */
class ComplaintsOnly extends QuietLogger {
  override log(): void {}
}

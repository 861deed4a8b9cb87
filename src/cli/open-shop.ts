import { existsSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module';
import { databaseName, databaseOptions } from '../platform/database/database.options';
import { isOutdated } from '../platform/database/sources';
import { Environment } from '../platform/environment';
import { QuietLogger } from '../platform/observability/quiet-logger';
import { Failure } from './program';

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
  const environment = Environment.ofProcess();
  const options = databaseOptions(environment);
  const name = databaseName(environment);
  if (options.type === 'sqlite' && !existsSync(options.database)) throw new Failure(`there is no database at ${name}`);
  if (await isOutdated(options)) {
    throw new Failure(`the database at ${name} is older than this program: start the shop first`);
  }
  process.env.REACTIONS = 'off';
  return withShop(work);
}

/** The screen belongs to the program; what goes wrong is told all the same. */
class ComplaintsOnly extends QuietLogger {
  override log(): void {}
}

import { existsSync } from 'node:fs';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module';
import type { Clock } from '../kernel/clock';
import { besideDatabase, databaseName, databaseOptions } from '../platform/database/database.options';
import { hasEvents, isOutdated } from '../platform/database/sources';
import { Environment } from '../platform/environment';
import { QuietLogger } from '../platform/observability/quiet-logger';
import { OWN_CLOCK } from '../platform/platform.module';
import { StartRecord } from '../platform/reactions/start-record';
import { Failure } from './program';

/**
 * Opens the shop without its HTTP side, for as long as the work takes. Reactions run meanwhile.
 * @param clock which the shop goes by, where it is not the machine's
 */
export async function withShop<T>(work: (shop: INestApplicationContext) => Promise<T>, clock?: Clock): Promise<T> {
  const shop = await NestFactory.createApplicationContext(clock ? inItsOwnTime(clock) : AppModule, {
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

/**
 * The same with a clock of its own, for a shop in which nothing has happened yet. Nobody else may have it open: they would
 * take part by their own clock, and write to customers.
 *
 * @throws Failure where something has happened, or another process of this machine has it open
 */
export async function withNewShop<T>(clock: Clock, work: (shop: INestApplicationContext) => Promise<T>): Promise<T> {
  const environment = Environment.ofProcess();
  const options = databaseOptions(environment);
  const name = databaseName(environment);
  const [other] = StartRecord.ofTheLiving(besideDatabase(environment));
  if (other !== undefined) throw new Failure(`the shop at ${name} is open, in process ${other}: close it first`);
  const isThere = options.type === 'postgres' || existsSync(options.database);
  if (isThere && (await hasEvents(options))) {
    throw new Failure(`the shop at ${name} has events already: let DATABASE_URL name a database that is new or empty`);
  }
  return withShop(work, clock);
}

class InItsOwnTime {}

const inItsOwnTime = (clock: Clock): DynamicModule => ({
  module: InItsOwnTime,
  global: true,
  imports: [AppModule],
  providers: [{ provide: OWN_CLOCK, useValue: clock }],
  exports: [OWN_CLOCK],
});

/** The screen belongs to the program; what goes wrong is told all the same. */
class ComplaintsOnly extends QuietLogger {
  override log(): void {}
}

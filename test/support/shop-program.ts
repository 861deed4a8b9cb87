import { Module, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configure } from '../../src/app.configure';
import { AppModule } from '../../src/app.module';
import { createFastifyAdapter } from '../../src/platform/http/fastify';
import { surviveForgottenPromises } from '../../src/platform/observability/forgotten-promises';
import * as forgetful from './forgetful';
import * as poison from './poison';

const EXTRAS: Readonly<Record<string, { readonly providers: Provider[] }>> = { forgetful, poison };

/** The shop with the `providers` of a file beside this one: `node shop-program.js <file>`. */
async function main(): Promise<void> {
  const { providers } = EXTRAS[process.argv[2]];
  @Module({ imports: [AppModule], providers })
  class ShopWithExtras {}
  const app = configure(await NestFactory.create<NestFastifyApplication>(ShopWithExtras, createFastifyAdapter()));
  await app.listen(0, '127.0.0.1');
  process.stdout.write(`API ${await app.getUrl()}\n`);
}

surviveForgottenPromises();
main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});

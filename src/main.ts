import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configure } from './app.configure';
import { AppModule } from './app.module';
import { databaseName } from './platform/database/database.options';
import { Environment } from './platform/environment';
import { createFastifyAdapter } from './platform/http/fastify';
import { surviveForgottenPromises } from './platform/observability/forgotten-promises';
import { QuietLogger } from './platform/observability/quiet-logger';
import { reasonToStop } from './platform/observability/reason-to-stop';

async function main(): Promise<void> {
  const app = configure(
    await NestFactory.create<NestFastifyApplication>(AppModule, createFastifyAdapter(), {
      logger: new QuietLogger(),
      abortOnError: false,
    }),
  );
  const environment = app.get(Environment);
  const host = environment.text('HOST', '127.0.0.1');
  const port = environment.wholeNumber('PORT', 3000, { min: 0, max: 65535 });
  await app.listen(port, host);
  const address = await app.getUrl();
  process.stdout.write(`
Bookshelf is open.
  API       ${address}
  Docs      ${address}/docs
  Health    ${address}/health/ready
  Database  ${databaseName(environment)}

`);
}

surviveForgottenPromises();
main().catch((error: unknown) => {
  process.stderr.write(`${reasonToStop(error)}\n`);
  process.exit(1);
});

import { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configureHttp } from '../../src/platform/http/configure-http';
import { createFastifyAdapter } from '../../src/platform/http/fastify';

/** Opens a program behind the shop's own HTTP server, with its validation and its error answers, and prints its url. */
export async function serve(
  module: Type,
  configure: (app: NestFastifyApplication) => unknown = configureHttp,
): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(module, createFastifyAdapter(), { logger: ['error'] });
  configure(app);
  await app.listen(0, '127.0.0.1');
  process.stdout.write(`API ${await app.getUrl()}\n`);
}

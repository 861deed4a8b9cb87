import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configure } from './app.configure';
import { AppModule } from './app.module';
import { createFastifyAdapter } from './platform/http/fastify';

async function main(): Promise<void> {
  const app = configure(await NestFactory.create<NestFastifyApplication>(AppModule, createFastifyAdapter()));
  await app.listen(3000, '127.0.0.1');
}

void main();

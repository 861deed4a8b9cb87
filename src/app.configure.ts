import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { carryEventPositions } from './platform/http/event-position';
import { configureHttp } from './platform/http/configure-http';
import { Metrics } from './platform/observability/metrics';

/** Everything that main.ts and the tests have to do to an application before it listens. */
export function configure(app: NestFastifyApplication): NestFastifyApplication {
  configureHttp(app);
  carryEventPositions(app);
  app.get(Metrics).timeRequestsOf(app);
  app.enableShutdownHooks();
  return app;
}

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { serveOpenApi } from './openapi';
import { ProblemDetailsFilter } from './problem-details.filter';
import { ValidationPipe } from './validation';

/**
 * Gives an application its manners: validation, problem details, the description of the API.
 *
 * @param app made with `createFastifyAdapter()` and not yet initialised
 */
export function configureHttp(app: NestFastifyApplication): void {
  app.useGlobalPipes(new ValidationPipe());
  app.useGlobalFilters(new ProblemDetailsFilter());
  serveOpenApi(app);
}

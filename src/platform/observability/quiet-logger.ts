import { ConsoleLogger } from '@nestjs/common';

/** What Nest tells about its own insides at every start. */
const INSIDES = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/** Nest's logger without the list of modules and routes. One line of JSON per message where no person is watching. */
export class QuietLogger extends ConsoleLogger {
  constructor() {
    super({ json: !process.stdout.isTTY, colors: process.stdout.isTTY });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!INSIDES.has(rest.at(-1) as string)) super.log(message, ...(rest as [string]));
  }
}

import { ConsoleLogger } from '@nestjs/common';
import { harmless } from '../../kernel/text';

/** What Nest tells about its own insides at every start. */
const INSIDES = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/** Where Nest tells the stack of an error before it throws it. */
const REFUSED_STARTS = new Set(['ExceptionHandler', 'NestApplication', 'TypeOrmModule']);

const shown = (message: unknown): unknown => (typeof message === 'string' ? harmless(message) : message);

/**
 * Nest's logger without the list of modules and routes, and without the stack of what stops the start: the program tells
 * that in one line when it ends. What others have written into an error gives no orders to a terminal. One line of JSON per message where no person is watching.
 */
export class QuietLogger extends ConsoleLogger {
  constructor() {
    super({ json: !process.stdout.isTTY, colors: process.stdout.isTTY });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!INSIDES.has(rest.at(-1) as string)) super.log(shown(message), ...(rest as [string]));
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!REFUSED_STARTS.has(rest.at(-1) as string)) super.error(shown(message), ...(rest.map(shown) as [string]));
  }

  override warn(message: unknown, ...rest: unknown[]): void {
    super.warn(shown(message), ...(rest as [string]));
  }
}

import { Logger } from '@nestjs/common';

/**
 * A handler that forgets an `await` leaves a promise that may fail when nobody listens any more. Node would end the
 * process for it, and with it every request of everybody else. Here it is told as an error, and the shop goes on: what
 * matters is in the database, and nothing that was not awaited can write to it.
 */
export function surviveForgottenPromises(): void {
  const logger = new Logger('Promises');
  process.on('unhandledRejection', (reason) => {
    const { message, stack } = reason instanceof Error ? reason : { message: String(reason), stack: undefined };
    logger.error(`something that nobody awaited has failed: ${message}`, stack);
  });
}

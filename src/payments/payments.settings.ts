import { randomBytes } from 'node:crypto';
import { FactoryProvider, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ConfigurationError, Environment } from '../platform/environment';

/**
 * What the provider signs its messages with: PAYMENT_WEBHOOK_SECRET. Where it is not set it is one that nobody knows, so
 * that every message is refused and none is believed by mistake.
 */
export class WebhookSecret {
  constructor(readonly key: string) {}

  static readonly provider: FactoryProvider<WebhookSecret> = {
    provide: WebhookSecret,
    inject: [Environment, HttpAdapterHost],
    useFactory: (environment: Environment, server: HttpAdapterHost) => {
      const key = environment.text('PAYMENT_WEBHOOK_SECRET', '');
      if (key === '') {
        // Programs of the command line take no messages, so they do not complain.
        server.listen$.subscribe(() =>
          new Logger('Payments').log('PAYMENT_WEBHOOK_SECRET is not set: until it is, every POST /payments is refused'),
        );
        return new WebhookSecret(randomBytes(32).toString('hex'));
      }
      if (/^[\x21-\x7e]{16,}$/.test(key)) return new WebhookSecret(key);
      // What it is instead is not told: it is a secret.
      throw new ConfigurationError(
        'PAYMENT_WEBHOOK_SECRET must be at least 16 letters, digits or signs of ASCII without blanks',
      );
    },
  };
}

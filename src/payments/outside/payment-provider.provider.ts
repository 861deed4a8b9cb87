import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Provider } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { ConfigurationError, Environment } from '../../platform/environment';
import { LocalPaymentProvider } from './local.payment-provider';
import { PaymentProvider } from './payment-provider';

/** The provider that PAYMENT_PROVIDER_URL asks for. @throws ConfigurationError */
export function paymentProviderFor(environment: Environment, clock: Clock): PaymentProvider {
  const url = environment.text('PAYMENT_PROVIDER_URL', 'local:./data/payments');
  const directory = /^local:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (directory) return new LocalPaymentProvider(makeable(directory), clock);
  // What it is instead is not told: there may be a password in it.
  throw new ConfigurationError('PAYMENT_PROVIDER_URL must be local:<directory>');
}

export const paymentProvider: Provider = {
  provide: PaymentProvider,
  inject: [Environment, Clock],
  useFactory: paymentProviderFor,
};

/** A shop that gives nothing back leaves no directory behind, so it is only seen whether it could be made. */
function makeable(directory: string): string {
  const path = resolve(directory);
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  try {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is no directory`);
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ConfigurationError(
      `PAYMENT_PROVIDER_URL must be local:<directory> with one that can be made: ${String(error)}`,
    );
  }
  return path;
}

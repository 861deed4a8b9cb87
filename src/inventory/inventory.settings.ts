import { FactoryProvider } from '@nestjs/common';
import { Environment } from '../platform/environment';

/** With how many copies the stock of a new book begins: INITIAL_STOCK, 10 unless told otherwise. */
export class InitialStock {
  constructor(readonly copies: number) {}

  static readonly provider: FactoryProvider<InitialStock> = {
    provide: InitialStock,
    inject: [Environment],
    useFactory: (environment: Environment) =>
      new InitialStock(environment.wholeNumber('INITIAL_STOCK', 10, { min: 0, max: 1_000_000 })),
  };
}

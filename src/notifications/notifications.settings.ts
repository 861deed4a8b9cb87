import { FactoryProvider } from '@nestjs/common';
import { Environment } from '../platform/environment';

/** Where letters to the shop's own people go: STAFF_EMAIL. */
export class StaffAddress {
  constructor(readonly email: string) {}

  static readonly provider: FactoryProvider<StaffAddress> = {
    provide: StaffAddress,
    inject: [Environment],
    useFactory: (environment: Environment) =>
      new StaffAddress(
        environment.text('STAFF_EMAIL', 'staff@bookshelf.example', {
          matches: /^[^\s<>@]+@[^\s<>@]+$/,
          says: 'must be one address, such as staff@bookshelf.example',
        }),
      ),
  };
}

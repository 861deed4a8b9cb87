import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock';
import { WebhookSecret } from '../payments.settings';
import { assertSigned } from './signature';

interface Incoming {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Missing where there is no body. */
  readonly rawBody?: Buffer;
}

/** Lets a request pass that the provider has signed. It is a guard, so it comes before anything is made of the body. */
@Injectable()
export class SignedByProvider implements CanActivate {
  constructor(
    private readonly secret: WebhookSecret,
    private readonly clock: Clock,
  ) {}

  /** @throws SignatureRefused */
  canActivate(context: ExecutionContext): true {
    const { headers, rawBody = Buffer.alloc(0) } = context.switchToHttp().getRequest<Incoming>();
    assertSigned(this.secret.key, headers['payment-signature'], rawBody, this.clock.now());
    return true;
  }
}

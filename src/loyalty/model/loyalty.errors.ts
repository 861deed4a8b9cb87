import { NotFound } from '../../kernel/domain-error';

/** Nobody has earned points under this address. */
export class PointsAccountNotFound extends NotFound {
  constructor(email: string) {
    super('points-account-not-found', `nobody has earned points as ${email}`, { email });
  }
}

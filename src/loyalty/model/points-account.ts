import { AggregateRoot } from '@nestjs/cqrs';
import { Money, wholeUnits } from '../../kernel/money';
import { PointsAwarded, PointsRevoked } from '../loyalty.events';

/** What a customer has earned, as it is stored. */
export interface PointsAccountState {
  /** In lower case: it is the same customer however the address is typed. */
  readonly email: string;
  readonly points: number;
}

/** One line of the ledger. The sum of the lines is what the customer has. */
export interface PointsEntry {
  readonly kind: 'awarded' | 'revoked';
  readonly orderId: string;
  /** Negative where they are taken back. */
  readonly points: number;
}

/** The points of one customer: one for each whole unit of money that was spent, in whatever currency. */
export class PointsAccount extends AggregateRoot {
  readonly email: string;
  private readonly made: PointsEntry[] = [];

  private constructor(private state: PointsAccountState) {
    super();
    this.email = state.email;
  }

  /** Opens the account of a customer who has none. */
  static open(email: string): PointsAccount {
    return new PointsAccount({ email, points: 0 });
  }

  static restore(state: PointsAccountState): PointsAccount {
    return new PointsAccount(state);
  }

  /** The lines of the ledger that were written since the account was loaded. Earlier ones are never loaded. */
  get entries(): readonly PointsEntry[] {
    return this.made;
  }

  /** Awards the points for an order. */
  award(orderId: string, total: Money): void {
    const points = wholeUnits(total);
    const balance = this.note({ kind: 'awarded', orderId, points });
    this.apply(new PointsAwarded({ email: this.email, orderId, points, balance }));
  }

  /** Takes the points back that were awarded for an order. */
  revoke(orderId: string, points: number): void {
    const balance = this.note({ kind: 'revoked', orderId, points: -points });
    this.apply(new PointsRevoked({ email: this.email, orderId, points, balance }));
  }

  snapshot(): PointsAccountState {
    return this.state;
  }

  private note(entry: PointsEntry): number {
    this.made.push(entry);
    this.state = { ...this.state, points: this.state.points + entry.points };
    return this.state.points;
  }
}

import { Cause } from './cause';
import { assertOutsideUnitOfWork, InsideUnitOfWork } from './outside-only';
import { Scope, withinScope } from './scope';
import { Transaction } from './transaction';

const cause: Cause = { correlationId: 'c1', causationId: 'c1', raisedBy: 'a test', actor: 'a test' };

describe('A call to the outside', () => {
  it('may be made while no unit of work is open', () => {
    expect(() => assertOutsideUnitOfWork('a mail was sent')).not.toThrow();
  });

  it('may not be made inside one, however deep', async () => {
    const scope = new Scope(new Transaction(undefined!, 0), cause);
    await withinScope(scope, async () => {
      await Promise.resolve();
      expect(() => assertOutsideUnitOfWork('a mail was sent')).toThrow(InsideUnitOfWork);
      expect(() => assertOutsideUnitOfWork('a mail was sent')).toThrow(
        "a mail was sent inside a unit of work: do it in a reaction with { effects: 'external' }",
      );
    });
  });
});

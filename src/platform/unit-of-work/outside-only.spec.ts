import { Cause } from './cause';
import { assertOutsideUnitOfWork, callOut, InsideUnitOfWork } from './outside-only';
import { Rehearsal, RehearsalOver, withinRehearsal } from './rehearsal';
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

describe('An outgoing port', () => {
  const send = jest.fn(() => Promise.resolve('taken'));
  const callIt = () => callOut('a mail was sent', { to: 'alice' }, send, 'captured');
  beforeEach(() => send.mockClear());

  it('makes its call in earnest, and hands on the answer', async () => {
    expect(await callIt()).toBe('taken');
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('makes none inside a unit of work', async () => {
    const scope = new Scope(new Transaction(undefined!, 0), cause);
    await expect(withinScope(scope, callIt)).rejects.toThrow(InsideUnitOfWork);
    expect(send).not.toHaveBeenCalled();
  });

  it('makes none in a rehearsal, which notes it and goes on, until it is over', async () => {
    const scope = new Scope(new Transaction(undefined!, 0), cause);
    const rehearsal = new Rehearsal(true);
    rehearsal.scope = scope;
    expect(await withinRehearsal(rehearsal, () => withinScope(scope, callIt))).toBe('captured');
    scope.end();
    await expect(withinRehearsal(rehearsal, () => withinScope(scope, callIt))).rejects.toThrow(RehearsalOver);
    expect(rehearsal.outside).toEqual([{ what: 'a mail was sent', to: 'alice' }]);
    expect(send).not.toHaveBeenCalled();
  });
});

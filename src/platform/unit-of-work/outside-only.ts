import { assertNotLeftBehind, currentRehearsal } from './rehearsal';
import { currentScope } from './scope';

/** Something that talks to the outside was called while a transaction is open. */
export class InsideUnitOfWork extends Error {
  constructor(what: string) {
    super(`${what} inside a unit of work: do it in a reaction with { effects: 'external' }`);
    this.name = 'InsideUnitOfWork';
  }
}

/**
 * What is sent cannot be taken back when the transaction is, and others would have to wait for the answer.
 *
 * @param what a clause: "a mail was sent"
 * @throws InsideUnitOfWork
 */
export function assertOutsideUnitOfWork(what: string): void {
  if (currentScope()) throw new InsideUnitOfWork(what);
}

/**
 * The one way out, for every outgoing port. In a rehearsal nothing goes out: it is noted what would have.
 *
 * @param what a clause: "a mail was sent"
 * @param facts what an operator should know of it, as plain data
 * @param call the real call
 * @param captured what a rehearsal goes on with in the place of an answer
 * @throws InsideUnitOfWork, RehearsalOver, or what the call throws
 */
export async function callOut<T>(
  what: string,
  facts: Readonly<Record<string, unknown>>,
  call: () => Promise<T>,
  captured: T,
): Promise<T> {
  const rehearsal = currentRehearsal();
  if (rehearsal) {
    assertNotLeftBehind();
    // A command that it sends is a unit of work in earnest.
    if (!rehearsal.maySend || currentScope() !== rehearsal.scope) throw new InsideUnitOfWork(what);
    rehearsal.outside.push({ ...facts, what });
    return captured;
  }
  assertOutsideUnitOfWork(what);
  return call();
}

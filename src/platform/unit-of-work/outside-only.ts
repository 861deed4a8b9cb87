import { currentScope } from './scope';

/** Something that talks to the outside was called while a transaction is open. */
export class InsideUnitOfWork extends Error {
  constructor(what: string) {
    super(`${what} inside a unit of work: do it in a reaction with { effects: 'external' }`);
    this.name = 'InsideUnitOfWork';
  }
}

/**
 * Stands at the entrance of every outgoing port. What is sent cannot be taken back when the transaction is, and others
 * would have to wait for the answer.
 *
 * @param what a clause: "a mail was sent"
 * @throws InsideUnitOfWork
 */
export function assertOutsideUnitOfWork(what: string): void {
  if (currentScope()) throw new InsideUnitOfWork(what);
}

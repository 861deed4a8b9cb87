import { AsyncLocalStorage } from 'node:async_hooks';

/** One for all slots: each storage that is in use costs something at every promise of the program. */
const contexts = new AsyncLocalStorage<Readonly<Record<string, unknown>>>();

/** What is known to all that is called from one place, however long it takes; as an AsyncLocalStorage has it. */
export class ContextSlot<T> {
  /** @param name which no other slot has */
  constructor(private readonly name: string) {}

  get(): T | undefined {
    return contexts.getStore()?.[this.name] as T | undefined;
  }

  /** Does the work with this value in the slot; the other slots stay as they are. @returns what the work returns */
  run<R>(value: T, work: () => R): R {
    return contexts.run({ ...contexts.getStore(), [this.name]: value }, work);
  }
}

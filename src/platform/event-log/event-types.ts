import { Provider } from '@nestjs/common';
import { freezePlain } from './plain-data';

/**
 * An event class. Its name in the log is a literal, so that renaming the class changes nothing that is stored.
 * The rest is for events that have lived: other names they were stored under, and how older shapes become today's.
 */
export interface EventClass<Event extends object = object> {
  new (facts: never): Event;
  readonly type: string;
  /** The version of today's shape; 1 where it is missing. */
  readonly version?: number;
  /** Lifts the facts of version n to version n + 1. */
  readonly upcasters?: Readonly<Record<number, (facts: Record<string, unknown>) => Record<string, unknown>>>;
  readonly formerly?: readonly string[];
}

/** What a context tells the platform about its events. */
export class PublishedEvents {
  constructor(
    readonly classes: readonly EventClass[],
    readonly retired: readonly string[],
  ) {}
}

/**
 * The line by which a context's module makes its events known: `publishes(catalogEvents)` among its providers, after
 * `import * as catalogEvents from './catalog.events'`.
 *
 * @param retired types that are in the log of old shops, but that the program no longer knows
 */
export function publishes(events: Record<string, unknown>, retired: readonly string[] = []): Provider {
  const classes = Object.values(events).filter((one) => typeof one === 'function') as unknown as EventClass[];
  return { provide: Symbol('published events'), useValue: new PublishedEvents(classes, retired) };
}

/** An event in the log whose facts cannot be made into today's event. Trying again would not help. */
export class UnreadableEvent extends Error {}

const TYPE = /^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/;

/** Every event type of the program, by class and by stored name. */
export class EventTypes {
  private readonly byType = new Map<string, EventClass>();
  private readonly known = new Set<unknown>();
  readonly retired = new Set<string>();

  /** @returns what is wrong with the events of one context, as sentences; nothing when all is well */
  add({ classes, retired }: PublishedEvents): string[] {
    const complaints: string[] = [];
    for (const type of retired) this.retired.add(type);
    for (const event of classes) {
      if (this.known.has(event)) continue;
      this.known.add(event);
      if (typeof event.type !== 'string' || !TYPE.test(event.type)) {
        const what = event.type
          ? `is stored as '${event.type}', which is not like 'catalog.book-added'`
          : 'has no stored name';
        complaints.push(`event ${event.name} ${what}: give it \`static readonly type = '<context>.<past-tense>'\``);
        continue;
      }
      for (const type of [event.type, ...(event.formerly ?? [])]) {
        const other = this.byType.get(type);
        if (other) complaints.push(`events ${other.name} and ${event.name} are both stored as '${type}'`);
        else this.byType.set(type, event);
      }
    }
    return complaints;
  }

  isKnown(event: unknown): boolean {
    return this.known.has(event);
  }

  /** The class of an event that an aggregate has raised. @throws Error when no module publishes it */
  classOf(event: object): EventClass {
    const type = event.constructor as unknown as EventClass;
    if (!this.known.has(type)) {
      throw new Error(
        `${type.name} is not published: add it to the context's events and \`publishes(...)\` to its module`,
      );
    }
    return type;
  }

  has(type: string): boolean {
    return this.byType.has(type) || this.retired.has(type);
  }

  /** Every name under which events of these classes may stand in the log. */
  storedNames(classes: readonly EventClass[]): string[] {
    return classes.flatMap((event) => [event.type, ...(event.formerly ?? [])]);
  }

  /**
   * Makes a stored event into an object of today's class, frozen.
   * @throws UnreadableEvent when its type or an upcaster is missing, or an upcaster fails
   */
  revive(type: string, version: number, facts: Record<string, unknown>): object {
    const event = this.byType.get(type);
    if (!event) throw new UnreadableEvent(`no class is known for events of type '${type}'`);
    let lifted = facts;
    for (let from = version; from < (event.version ?? 1); from++) {
      const upcast = event.upcasters?.[from];
      if (!upcast) throw new UnreadableEvent(`${event.name} has no upcaster from version ${from}`);
      try {
        lifted = upcast(lifted);
      } catch (error) {
        throw new UnreadableEvent(`${event.name}'s upcaster from version ${from} failed: ${String(error)}`);
      }
    }
    if (version > (event.version ?? 1)) {
      throw new UnreadableEvent(`${event.name} of version ${version} was written by a newer program`);
    }
    try {
      return freezePlain(Object.assign(Object.create(event.prototype as object) as object, lifted));
    } catch (error) {
      throw new UnreadableEvent(`${event.name} has been lifted to what no event carries: ${String(error)}`);
    }
  }
}

import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { DomainError, Unavailable } from '../../kernel/domain-error';
import { isOutage } from '../database/connection';

/** Two groups of the lane: while one is being committed, the next has already come together. */
const IN_FLIGHT = 128;

/** Milliseconds between two words about progress. */
const TELL_EVERY = 400;

/** What is done for each of many things, and how that is told. */
export interface Job<Thing, News> {
  /** Does it for one of them, in a unit of work of its own. */
  each(thing: Thing): Promise<void>;
  /** It could not be done for this one. */
  refuse(thing: Thing, reason: string): void;
  /** What there is to tell besides; emptied when it is told. */
  readonly news: News[];
  progress(): News;
  summary(): News;
}

/** Does the same for many things, each in a unit of work of its own, so that it may be interrupted anywhere and repeated. */
@Injectable()
export class SideBySide implements BeforeApplicationShutdown {
  private readonly logger = new Logger('SideBySide');
  private closing = false;

  beforeApplicationShutdown(): void {
    this.closing = true;
  }

  /**
   * Reads no faster than the database takes and the caller listens; keeps nothing of what it has told. What is told last is
   * the summary.
   *
   * @param interrupted ends it early; what is on its way is finished and in the summary
   * @throws whatever reading the things throws; the error of an outage; Unavailable when the shop closes.
   * What was done until then stays
   */
  async *run<Thing, News>(
    things: AsyncIterable<Thing> | Iterable<Thing>,
    job: Job<Thing, News>,
    interrupted?: AbortSignal,
  ): AsyncGenerator<News> {
    let told = 0;
    let outage: Error | undefined;
    const inFlight = new Set<Promise<void>>();
    let landed: () => void = () => undefined;
    const begin = (thing: Thing): void => {
      const doing: Promise<void> = job
        .each(thing)
        .catch((error: unknown) => {
          if (isOutage(error)) outage = error;
          else job.refuse(thing, this.reasonFor(error));
        })
        .finally(() => {
          inFlight.delete(doing);
          landed();
        });
      inFlight.add(doing);
    };
    try {
      for await (const thing of things) {
        if (interrupted?.aborted) break;
        if (this.closing) throw new Unavailable('shutting-down', 'The shop is closing.', 1);
        begin(thing);
        // A race of all of them for each thing would cost as much as doing it.
        if (inFlight.size >= IN_FLIGHT) await new Promise<void>((resolve) => (landed = resolve));
        if (outage) throw outage;
        yield* job.news.splice(0);
        if (Date.now() - told < TELL_EVERY) continue;
        told = Date.now();
        yield job.progress();
      }
      await Promise.all(inFlight);
      if (outage) throw outage;
      yield* job.news.splice(0);
      yield job.summary();
    } finally {
      await Promise.all(inFlight);
    }
  }

  private reasonFor(error: unknown): string {
    if (error instanceof DomainError) return error.message;
    this.logger.error(String(error), error instanceof Error ? error.stack : undefined);
    return error instanceof Error ? error.message : String(error);
  }
}

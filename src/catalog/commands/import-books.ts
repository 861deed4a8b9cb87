import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { DomainError, Unavailable } from '../../kernel/domain-error';
import { newId } from '../../kernel/ids';
import { isOutage } from '../../platform/database/connection';
import { currentRequest, newRequest, Request, withinRequest } from '../../platform/unit-of-work/cause';
import { Book } from '../model/book';
import { BookAlreadyInCatalog } from '../model/catalog.errors';
import { BookRepository } from '../persistence/book.repository';
import { AddBook } from './add-book.command';

/** A row of a list that was read as a book. `line` is the line of the file where it begins, counted from 1. */
export interface BookRow {
  readonly line: number;
  /** With a key by which the same row is known again when the list is imported once more. */
  readonly facts: AddBook['facts'] & { readonly reference: string };
  /** What was left out of it. */
  readonly note?: string;
}

/** A row that is no book, or none that the catalog takes. */
export interface Refusal {
  readonly line: number;
  readonly reason: string;
  readonly title?: string;
}

export type Row = BookRow | Refusal;

const LONGEST_TITLE_IN_REFUSAL = 100;

export function refusal(line: number, reason: string, title?: string): Refusal {
  const short = title && [...title].slice(0, LONGEST_TITLE_IN_REFUSAL).join('');
  return short ? { line, reason, title: short } : { line, reason };
}

/** How far an import has come, in rows. */
export interface Tally {
  readonly read: number;
  readonly added: number;
  readonly alreadyThere: number;
  readonly refused: number;
}

/** What an import tells while it works, and the summary at its end. */
export type ImportNews =
  | { readonly progress: Tally }
  | { readonly refused: Refusal }
  | { readonly note: { readonly line: number; readonly note: string; readonly title?: string } }
  | { readonly summary: Tally & { readonly notes: number } };

/** Two groups of the lane: while one is being committed, the next has already come together. */
const IN_FLIGHT = 128;

/** Milliseconds between two words about progress. */
const TELL_EVERY = 400;

/**
 * Adds the books of a list to the catalog, each through the same command as everybody else's. Each row is a unit of
 * work of its own with a key of its own, so an import may be interrupted anywhere and repeated.
 */
@Injectable()
export class ImportBooks implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Import');
  private closing = false;

  constructor(
    private readonly commands: CommandBus,
    private readonly books: BookRepository,
  ) {}

  beforeApplicationShutdown(): void {
    this.closing = true;
  }

  /**
   * Reads no faster than the database takes and the caller listens; keeps nothing of what it has told.
   *
   * @param interrupted ends the import early; what is on its way is finished and in the summary
   * @throws whatever reading the rows throws; the error of an outage; Unavailable when the shop closes.
   * What was added until then stays
   */
  run(rows: AsyncIterable<Row>, interrupted?: AbortSignal): AsyncGenerator<ImportNews> {
    // Here and not in the generator, which runs in the asynchronous context of whoever asks it for more.
    return this.work(rows, { ...(currentRequest() ?? newRequest('import')), actor: 'import' }, interrupted);
  }

  private async *work(
    rows: AsyncIterable<Row>,
    request: Request,
    interrupted: AbortSignal | undefined,
  ): AsyncGenerator<ImportNews> {
    const tally = { read: 0, added: 0, alreadyThere: 0, refused: 0 };
    let notes = 0;
    let told = 0;
    let isRepeated = false;
    let outage: (Error & { code: string }) | undefined;
    const news: ImportNews[] = [];
    const refuse = (refused: Refusal) => {
      tally.refused++;
      news.push({ refused });
    };
    const add = async (row: BookRow) => {
      try {
        const fate = await this.add(row, request, isRepeated);
        tally[fate]++;
        if (fate === 'alreadyThere') isRepeated = true;
        if (!row.note) return;
        notes++;
        news.push({ note: { line: row.line, note: row.note, title: row.facts.title } });
      } catch (error) {
        if (isOutage(error)) outage = error;
        else refuse(refusal(row.line, this.reasonFor(error, row), row.facts.title));
      }
    };
    const inFlight = new Set<Promise<void>>();
    let landed: () => void = () => undefined;
    try {
      for await (const row of rows) {
        if (interrupted?.aborted) break;
        if (this.closing) throw new Unavailable('shutting-down', 'The shop is closing.', 1);
        tally.read++;
        if ('reason' in row) {
          refuse(row);
        } else {
          const adding: Promise<void> = add(row).finally(() => {
            inFlight.delete(adding);
            landed();
          });
          inFlight.add(adding);
        }
        // A race of all of them for each row would cost as much as adding the book.
        if (inFlight.size >= IN_FLIGHT) await new Promise<void>((resolve) => (landed = resolve));
        if (outage) throw outage;
        yield* news.splice(0);
        if (Date.now() - told < TELL_EVERY) continue;
        told = Date.now();
        yield { progress: { ...tally } };
      }
      await Promise.all(inFlight);
      if (outage) throw outage;
      yield* news.splice(0);
      yield { summary: { ...tally, notes } };
    } finally {
      await Promise.all(inFlight);
    }
  }

  /** @param isRepeated some of the list are there: each command would be refused, and its group sent again without it */
  private async add({ facts }: BookRow, request: Request, isRepeated: boolean): Promise<'added' | 'alreadyThere'> {
    if (isRepeated) {
      // What is no book is refused, whether one like it is there or not.
      Book.add({ id: newId(), ...facts, addedAt: new Date() });
      if (await this.books.isInCatalog(facts)) return 'alreadyThere';
    }
    try {
      await withinRequest(request, () => this.commands.execute(new AddBook(facts)));
      return 'added';
    } catch (error) {
      if (error instanceof BookAlreadyInCatalog) return 'alreadyThere';
      throw error;
    }
  }

  private reasonFor(error: unknown, { line }: BookRow): string {
    if (error instanceof DomainError) return error.message;
    this.logger.error(`line ${line}: ${String(error)}`, error instanceof Error ? error.stack : undefined);
    return error instanceof Error ? error.message : String(error);
  }
}

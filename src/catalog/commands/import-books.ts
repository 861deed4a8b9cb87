import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { newId } from '../../kernel/ids';
import { currentRequest, newRequest, Request, withinRequest } from '../../platform/unit-of-work/cause';
import { Job, SideBySide } from '../../platform/unit-of-work/side-by-side';
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

export interface ImportOptions {
  /** Each book comes out as it is added, unless a moment is set for that. Those that are there are left alone. */
  readonly published?: boolean;
  /** Ends the import early; what is on its way is finished and in the summary. */
  readonly interrupted?: AbortSignal;
}

/**
 * Adds the books of a list to the catalog, each through the same command as everybody else's. Each row is a unit of
 * work of its own with a key of its own, so an import may be interrupted anywhere and repeated.
 */
@Injectable()
export class ImportBooks {
  constructor(
    private readonly commands: CommandBus,
    private readonly books: BookRepository,
    private readonly sideBySide: SideBySide,
  ) {}

  /**
   * Reads no faster than the database takes and the caller listens; keeps nothing of what it has told.
   *
   * @throws whatever reading the rows throws; the error of an outage; Unavailable when the shop closes.
   * What was added until then stays
   */
  run(rows: AsyncIterable<Row>, { published, interrupted }: ImportOptions = {}): AsyncGenerator<ImportNews> {
    const request = { ...(currentRequest() ?? newRequest('import')), actor: 'import' };
    const tally = { read: 0, added: 0, alreadyThere: 0, refused: 0 };
    let notes = 0;
    let isRepeated = false;
    const news: ImportNews[] = [];
    const refuse = (refused: Refusal) => {
      tally.refused++;
      news.push({ refused });
    };
    const job: Job<Row, ImportNews> = {
      news,
      each: async (row) => {
        tally.read++;
        if ('reason' in row) return refuse(row);
        const command = new AddBook(row.facts, published);
        const fate = await this.add(command, request, isRepeated);
        tally[fate]++;
        if (fate === 'alreadyThere') isRepeated = true;
        if (!row.note) return;
        notes++;
        news.push({ note: { line: row.line, note: row.note, title: row.facts.title } });
      },
      refuse: (row, reason) => refuse(refusal(row.line, reason, 'facts' in row ? row.facts.title : row.title)),
      progress: () => ({ progress: { ...tally } }),
      summary: () => ({ summary: { ...tally, notes } }),
    };
    return this.sideBySide.run(rows, job, interrupted);
  }

  /** @param isRepeated some of the list are there: each command would be refused, and its group sent again without it */
  private async add(command: AddBook, request: Request, isRepeated: boolean): Promise<'added' | 'alreadyThere'> {
    if (isRepeated) {
      const { facts } = command;
      // What is no book is refused, whether one like it is there or not.
      Book.add({ id: newId(), ...facts, addedAt: new Date() });
      if (await this.books.isInCatalog(facts)) return 'alreadyThere';
    }
    try {
      await withinRequest(request, () => this.commands.execute(command));
      return 'added';
    } catch (error) {
      if (error instanceof BookAlreadyInCatalog) return 'alreadyThere';
      throw error;
    }
  }
}

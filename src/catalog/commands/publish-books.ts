import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { currentRequest, newRequest, withinRequest } from '../../platform/unit-of-work/cause';
import { Job, SideBySide } from '../../platform/unit-of-work/side-by-side';
import { BookStateForbids } from '../model/catalog.errors';
import { BookRepository } from '../persistence/book.repository';
import { PublishBook } from './publish-book.command';

/** Which books are to come out: these, or all drafts for which no moment is set. */
export type BooksToPublish = { readonly bookIds: readonly string[] } | { readonly all: true };

/** How far it has come, in books. */
export interface Publications {
  readonly asked: number;
  readonly published: number;
  readonly alreadyPublished: number;
  readonly refused: number;
}

/** What is told while books are published, and the summary at the end. */
export type PublishNews =
  /** `of` so many in all. */
  | { readonly progress: Publications & { readonly of: number } }
  | { readonly refused: { readonly bookId: string; readonly reason: string } }
  | { readonly summary: Publications };

/** So many drafts are looked up at once. */
const PAGE = 500;

/**
 * Publishes many books, each through the same command as a single one. Each is a unit of work of its own, so this may be
 * interrupted anywhere and repeated.
 */
@Injectable()
export class PublishBooks {
  constructor(
    private readonly commands: CommandBus,
    private readonly books: BookRepository,
    private readonly sideBySide: SideBySide,
  ) {}

  /**
   * Works no faster than the database takes and the caller listens.
   *
   * @param interrupted ends it early; what is on its way is finished and in the summary
   * @throws the error of an outage; Unavailable when the shop closes. What was published until then stays
   */
  run(which: BooksToPublish, interrupted?: AbortSignal): AsyncGenerator<PublishNews> {
    const request = currentRequest() ?? newRequest('program');
    const chosen = 'all' in which ? undefined : new Set(which.bookIds);
    const tally = { asked: 0, published: 0, alreadyPublished: 0, refused: 0 };
    let of = chosen?.size ?? 0;
    const news: PublishNews[] = [];
    const job: Job<string, PublishNews> = {
      news,
      each: async (bookId) => {
        tally.asked++;
        try {
          await withinRequest(request, () => this.commands.execute(new PublishBook(bookId)));
          tally.published++;
        } catch (error) {
          if (!isPublished(error)) throw error;
          tally.alreadyPublished++;
        }
      },
      refuse: (bookId, reason) => {
        tally.refused++;
        news.push({ refused: { bookId, reason } });
      },
      progress: () => ({ progress: { ...tally, of } }),
      summary: () => ({ summary: { ...tally } }),
    };
    return this.sideBySide.run(chosen ?? this.drafts((count) => (of = count)), job, interrupted);
  }

  /** The drafts that there are now: those that are added meanwhile come after the last of them, and are not meant. */
  private async *drafts(onCount: (count: number) => void): AsyncGenerator<string> {
    const { count, last } = await this.books.countDrafts();
    onCount(count);
    for (let after = ''; last !== undefined && after < last;) {
      const page = await this.books.drafts(after, last, PAGE);
      yield* page;
      after = page.at(-1) ?? last;
    }
  }
}

const isPublished = (error: unknown): boolean =>
  error instanceof BookStateForbids && error.details.status === 'PUBLISHED';

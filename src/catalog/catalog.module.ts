import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { CatalogController } from './catalog.controller';
import * as catalogEvents from './catalog.events';
import { AddBookHandler } from './commands/add-book.command';
import { ImportBooks } from './commands/import-books';
import { PublishBookHandler } from './commands/publish-book.command';
import { PublishBooks } from './commands/publish-books';
import { PublishDueBookHandler, PublishDueBooks } from './commands/publish-due-books';
import { RepriceBookHandler } from './commands/reprice-book.command';
import { ReviseBookHandler } from './commands/revise-book.command';
import { WithdrawBookHandler } from './commands/withdraw-book.command';
import { CATALOG_INVARIANTS } from './persistence/catalog.invariants';
import { BookRepository, streamOf } from './persistence/book.repository';
import { BrowseBooksHandler } from './queries/browse-books.query';
import { FindBookHandler } from './queries/find-book.query';
import { BrowseProjection } from './reactions/browse.projection';

@Module({
  controllers: [CatalogController],
  providers: [
    publishes(catalogEvents),
    explains('book', streamOf),
    CATALOG_INVARIANTS,
    BookRepository,
    // commands
    AddBookHandler,
    ReviseBookHandler,
    RepriceBookHandler,
    PublishBookHandler,
    PublishDueBookHandler,
    PublishDueBooks,
    WithdrawBookHandler,
    PublishBooks,
    ImportBooks,
    // queries
    BrowseBooksHandler,
    FindBookHandler,
    // reactions
    BrowseProjection,
  ],
})
export class CatalogModule {}

import { Body, Controller, Get, Headers, HttpCode, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Readable } from 'node:stream';
import { IdParam } from '../platform/http/fields';
import { NDJSON, streamLines } from '../platform/http/ndjson';
import { Page } from '../platform/http/page';
import type { Reply } from '../platform/http/reply';
import {
  AddBookRequest,
  BrowseBooksRequest,
  ImportBooksRequest,
  PublishBooksRequest,
  RepriceBookRequest,
  ReviseBookRequest,
  WithdrawBookRequest,
} from './catalog.requests';
import { AddBook } from './commands/add-book.command';
import { ImportBooks } from './commands/import-books';
import { PublishBook } from './commands/publish-book.command';
import { PublishBooks } from './commands/publish-books';
import { RepriceBook } from './commands/reprice-book.command';
import { ReviseBook } from './commands/revise-book.command';
import { WithdrawBook } from './commands/withdraw-book.command';
import { formatOf, parseBookList } from './outside/book-list/parse-book-list';
import { BookOnShelf, BrowseBooks } from './queries/browse-books.query';
import { BookDetails, FindBook } from './queries/find-book.query';

@ApiTags('catalog')
@Controller('books')
export class CatalogController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly imports: ImportBooks,
    private readonly publications: PublishBooks,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Takes a book into the catalog' })
  async add(
    @Body() { price, ...description }: AddBookRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ id: string }> {
    const id = await this.commands.execute(new AddBook({ ...description, price: price.toMoney() }));
    void reply.header('location', `/books/${id}`);
    return { id };
  }

  @Post('import')
  @HttpCode(200)
  @RouteConfig({ streams: true })
  @ApiOperation({
    summary: 'Adds the books of a list to the catalog, and tells line by line how it goes',
    description:
      'The lines are progress, what was refused and why, and a summary. The same list may be sent again: what is in the catalog already is only counted.',
  })
  @ApiConsumes('text/csv', 'application/x-ndjson')
  @ApiBody({
    schema: { type: 'string', example: 'title,author,isbn\nThe Great Gatsby,F. Scott Fitzgerald,0743273567' },
  })
  @ApiProduces('application/x-ndjson')
  async import(
    @Query() query: ImportBooksRequest,
    @Headers('content-type') mediaType: string,
    @Body() body: Readable,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Readable> {
    // Destroying the body would break the connection before the answer is sent.
    const bytes = body.iterator({ destroyOnReturn: false });
    const rows = parseBookList(bytes, formatOf(mediaType), query.toDefaults());
    return lineByLine(this.imports.run(rows, { published: query.publish }), reply);
  }

  @Post('publish')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Publishes many books, and tells line by line how it goes',
    description:
      'The lines are progress, what was refused and why, and a summary. The same may be sent again: what is published already is only counted.',
  })
  @ApiProduces('application/x-ndjson')
  publishMany(@Body() request: PublishBooksRequest, @Res({ passthrough: true }) reply: Reply): Promise<Readable> {
    return lineByLine(this.publications.run(request.toBooks()), reply);
  }

  @Get()
  @ApiOperation({ summary: 'Lists the books that are not withdrawn, in the order in which they were added' })
  browse(@Query() filter: BrowseBooksRequest): Promise<Page<BookOnShelf>> {
    return this.queries.execute(new BrowseBooks(filter.toFilter()));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Shows a book with all that the catalog says about it' })
  find(@IdParam('id') id: string): Promise<BookDetails> {
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/revise')
  @HttpCode(200)
  @ApiOperation({ summary: 'Corrects what the catalog says about a book' })
  async revise(@IdParam('id') id: string, @Body() corrections: ReviseBookRequest): Promise<BookDetails> {
    await this.commands.execute(new ReviseBook(id, corrections));
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/price')
  @HttpCode(200)
  @ApiOperation({ summary: 'Changes what a book costs' })
  async reprice(@IdParam('id') id: string, @Body() { price }: RepriceBookRequest): Promise<BookDetails> {
    await this.commands.execute(new RepriceBook(id, price.toMoney()));
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/publish')
  @HttpCode(200)
  @ApiOperation({ summary: 'Publishes a book' })
  async publish(@IdParam('id') id: string): Promise<BookDetails> {
    await this.commands.execute(new PublishBook(id));
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/withdraw')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes a book out of the catalog for good' })
  async withdraw(@IdParam('id') id: string, @Body() { reason }: WithdrawBookRequest): Promise<BookDetails> {
    await this.commands.execute(new WithdrawBook(id, reason));
    return this.queries.execute(new FindBook(id));
  }
}

/** An answer that comes while the work goes on. */
async function lineByLine(news: AsyncGenerator<object>, reply: Reply): Promise<Readable> {
  const lines = await streamLines(news);
  void reply.header('content-type', NDJSON);
  return lines;
}

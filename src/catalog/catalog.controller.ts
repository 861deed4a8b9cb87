import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';

import { IdParam } from '../platform/http/fields';
import { Page } from '../platform/http/page';
import type { Reply } from '../platform/http/reply';
import {
  AddBookRequest,
  BrowseBooksRequest,
  RepriceBookRequest,
  ReviseBookRequest,
  WithdrawBookRequest,
} from './catalog.requests';
import { AddBook } from './commands/add-book.command';
import { PublishBook } from './commands/publish-book.command';
import { RepriceBook } from './commands/reprice-book.command';
import { ReviseBook } from './commands/revise-book.command';
import { WithdrawBook } from './commands/withdraw-book.command';
import { BookOnShelf, BrowseBooks } from './queries/browse-books.query';
import { BookDetails, FindBook } from './queries/find-book.query';

@ApiTags('catalog')
@Controller('books')
export class CatalogController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  async add(
    @Body() { price, ...description }: AddBookRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ id: string }> {
    const id = await this.commands.execute(new AddBook({ ...description, price: price.toMoney() }));
    void reply.header('location', `/books/${id}`);
    return { id };
  }

  @Get()
  browse(@Query() filter: BrowseBooksRequest): Promise<Page<BookOnShelf>> {
    return this.queries.execute(new BrowseBooks(filter));
  }

  @Get(':id')
  find(@IdParam('id') id: string): Promise<BookDetails> {
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/revise')
  @HttpCode(200)
  async revise(@IdParam('id') id: string, @Body() corrections: ReviseBookRequest): Promise<BookDetails> {
    await this.commands.execute(new ReviseBook(id, corrections));
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/price')
  @HttpCode(200)
  async reprice(@IdParam('id') id: string, @Body() { price }: RepriceBookRequest): Promise<BookDetails> {
    await this.commands.execute(new RepriceBook(id, price.toMoney()));
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/publish')
  @HttpCode(200)
  async publish(@IdParam('id') id: string): Promise<BookDetails> {
    await this.commands.execute(new PublishBook(id));
    return this.queries.execute(new FindBook(id));
  }

  @Post(':id/withdraw')
  @HttpCode(200)
  async withdraw(@IdParam('id') id: string, @Body() { reason }: WithdrawBookRequest): Promise<BookDetails> {
    await this.commands.execute(new WithdrawBook(id, reason));
    return this.queries.execute(new FindBook(id));
  }
}

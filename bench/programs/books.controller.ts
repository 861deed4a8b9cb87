import { Body, Controller, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { AddBookRequest } from '../../src/catalog/catalog.requests';
import { AddBook } from '../../src/catalog/commands/add-book.command';
import type { Reply } from '../../src/platform/http/reply';

/** `POST /books` as the shop has it. Each program handles the shop's command in its own way. */
@Controller('books')
export class BooksController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  async add(
    @Body() { price, ...description }: AddBookRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ id: string }> {
    const id = await this.commands.execute(new AddBook({ ...description, price: price.toMoney() }));
    void reply.header('location', `/books/${id}`);
    return { id };
  }
}

import { Body, Controller, Get, Module, Post, Res } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { AddBookRequest } from '../../src/catalog/catalog.requests';
import type { Reply } from '../../src/platform/http/reply';
import { serve } from './serve';

let books = 0;

/** As much of `POST /books` as there is without storing anything: the most that Nest with Fastify can answer. */
@Controller()
class HelloController {
  @Post('books')
  add(@Body() { price }: AddBookRequest, @Res({ passthrough: true }) reply: Reply): { id: string } {
    price.toMoney();
    books++;
    const id = uuidv7();
    void reply.header('location', `/books/${id}`);
    return { id };
  }

  @Get('count')
  count(): { books: number; inventories: number } {
    return { books, inventories: books };
  }
}

@Module({ controllers: [HelloController] })
class HelloModule {}

void serve(HelloModule);

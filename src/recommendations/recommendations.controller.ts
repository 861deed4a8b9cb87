import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdParam, PageQuery } from '../platform/http/fields';
import { Page } from '../platform/http/page';
import { Recommendation, RecommendBooks } from './queries/recommend-books.query';

@ApiTags('recommendations')
@Controller('books')
export class RecommendationsController {
  constructor(private readonly queries: QueryBus) {}

  @Get(':id/recommendations')
  @ApiOperation({ summary: 'Lists the books that were bought together with a book, most common orders first' })
  recommend(@IdParam('id') id: string, @Query() { limit, cursor }: PageQuery): Promise<Page<Recommendation>> {
    return this.queries.execute(new RecommendBooks(id, limit, cursor));
  }
}

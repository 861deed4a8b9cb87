import { Module } from '@nestjs/common';
import { RECOMMENDATIONS_INVARIANTS } from './persistence/recommendations.invariants';
import { RecommendBooksHandler } from './queries/recommend-books.query';
import { BooksProjection } from './reactions/books.projection';
import { BoughtTogetherProjection } from './reactions/bought-together.projection';
import { RecommendationsController } from './recommendations.controller';

@Module({
  controllers: [RecommendationsController],
  providers: [
    RECOMMENDATIONS_INVARIANTS,
    // queries
    RecommendBooksHandler,
    // reactions
    BooksProjection,
    BoughtTogetherProjection,
  ],
})
export class RecommendationsModule {}

import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NotFound, Refused } from '../../kernel/domain-error';
import { ListOf, OneOf, PageQuery, Text, WholeNumber } from '../http/fields';
import { decodeCursor, Page, page } from '../http/page';
import { DeadLetters } from './dead-letters';
import { ReactionDefinition } from './reaction-definition';
import { DeadLetter, GIVEN_UP, ReactionStatus, ReactionStatuses, type GivenUp } from './reaction-status';
import { Reactions } from './reactions.service';

class LetterRequest {
  /** Its place in the log. */
  @WholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }) position: number;
}

class RetryRequest {
  @ListOf(() => LetterRequest, { min: 1, max: 200 }) letters: LetterRequest[];
}

class SkipRequest extends RetryRequest {
  /** Why these events shall never be handled. */
  @Text({ max: 500 }) reason: string;
}

class LettersRequest extends PageQuery {
  /** Those that were given up on, which is the default, or those that an operator has decided to skip. */
  @OneOf(GIVEN_UP, { optional: true }) state?: GivenUp;
}

@ApiTags('reactions')
@Controller('reactions')
export class ReactionsController {
  constructor(
    private readonly reactions: Reactions,
    private readonly statuses: ReactionStatuses,
    private readonly letters: DeadLetters,
  ) {}

  /** Every reaction: how far it is, and what waits for it. */
  @Get()
  async all(): Promise<{ items: ReactionStatus[] }> {
    return { items: await this.statuses.all() };
  }

  /** One reaction: how far it is, and what waits for it. */
  @Get(':name')
  async one(@Param('name') name: string): Promise<ReactionStatus> {
    return this.statuses.of(this.find(name));
  }

  /** Events that a reaction will not handle any more, oldest first, with what went wrong and why it was given up. */
  @Get(':name/dead-letters')
  async deadLetters(
    @Param('name') name: string,
    @Query() { state = 'dead', limit, cursor }: LettersRequest,
  ): Promise<Page<DeadLetter>> {
    const [after] = cursor ? decodeCursor(cursor, ['number']) : [0];
    const letters = await this.statuses.deadLetters(this.find(name).name, after, limit + 1, state);
    return page(letters, limit, ({ position }) => [position]);
  }

  /** Tries dead letters again at once. */
  @Post(':name/dead-letters/retry')
  @HttpCode(202)
  async retry(@Param('name') name: string, @Body() { letters }: RetryRequest): Promise<void> {
    await this.letters.retry(
      this.find(name).name,
      letters.map(({ position }) => position),
    );
  }

  /** Gives dead letters up, so that what is parked behind them can go on. */
  @Post(':name/dead-letters/skip')
  @HttpCode(200)
  async skip(@Param('name') name: string, @Body() { letters, reason }: SkipRequest): Promise<void> {
    await this.letters.skip(
      this.find(name).name,
      letters.map(({ position }) => position),
      reason,
    );
  }

  /** Builds a projection's tables anew from the first event; `GET /reactions` shows when it is done. */
  @Post(':name/rebuild')
  @HttpCode(202)
  rebuild(@Param('name') name: string): void {
    const reaction = this.find(name);
    if (reaction.tables.length === 0) {
      throw new Refused('not-a-projection', `${name} is no projection, so there is nothing to build anew`);
    }
    // What goes wrong is logged where it happens; nobody waits for it here.
    void this.reactions.rebuild(name).catch(() => undefined);
  }

  private find(name: string): ReactionDefinition {
    const reaction = this.reactions.find(name);
    if (!reaction) throw new NotFound('reaction-not-found', `there is no reaction called ${name}`);
    return reaction;
  }
}

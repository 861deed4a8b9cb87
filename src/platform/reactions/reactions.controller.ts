import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Invalid, NotFound, Refused } from '../../kernel/domain-error';
import { ListOf, OneOf, PageQuery, Text, True, WholeNumber } from '../http/fields';
import { decodeCursor, Page, page } from '../http/page';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { Backfills } from './backfills';
import { Choice, DeadLetters } from './dead-letters';
import { RebuildAsked } from './operator.events';
import { ReactionDefinition } from './reaction-definition';
import { CauseOfDeath, DeadLetter, DeadLetterList } from './dead-letter-list';
import { ReactionStatus, ReactionStatuses } from './reaction-status';
import { DEFERRED_STATES, type DeferredState } from './reaction.tables';
import { Rehearsals, type Rehearsed } from './rehearsals';
import { Reactions } from './reactions.service';

class LetterRequest {
  /** Its place in the log. */
  @WholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }) position: number;
}

/** Which dead letters are meant: one of the three. */
class ChoiceRequest {
  @ListOf(() => LetterRequest, { min: 1, max: 200, optional: true }) letters?: LetterRequest[];
  /** All that have died of this, as `GET /dead-letters` names it. */
  @Text({ max: 200, optional: true }) cause?: string;
  /** All of the reaction. */
  @True({ optional: true }) all?: true;

  /** @throws Invalid unless it is one of the three */
  toChoice(): Choice {
    const given = (['letters', 'cause', 'all'] as const).filter((name) => this[name] !== undefined);
    if (given.length === 0) throw new Invalid('choice-missing', 'letters', 'is required, unless cause or all is given');
    if (given.length > 1) throw new Invalid('choice-double', given[1], `must not be given together with ${given[0]}`);
    if (this.cause !== undefined) return { cause: this.cause };
    return this.letters?.map(({ position }) => position) ?? { all: true };
  }
}

class RetryRequest extends ChoiceRequest {
  /** How many letters are tried again each second: 50 unless told otherwise. */
  @WholeNumber({ min: 1, max: 1000, optional: true }) perSecond?: number;
  /** Why they can be handled now. */
  @Text({ max: 500, optional: true }) reason?: string;
}

class SkipRequest extends ChoiceRequest {
  /** Why these events shall never be handled. */
  @Text({ max: 500 }) reason: string;
}

class RehearseRequest extends LetterRequest {
  /** Why somebody wants to know. */
  @Text({ max: 500, optional: true }) reason?: string;
}

class RebuildRequest {
  /** Why it is built anew. */
  @Text({ max: 500, optional: true }) reason?: string;
}

class BackfillRequest {
  /** Why it is handed its history. */
  @Text({ max: 500, optional: true }) reason?: string;
}

class LettersRequest extends PageQuery {
  /** `dead`, which is the default; `skipped` by an operator; `retrying`, or `parked` behind such a one. */
  @OneOf(DEFERRED_STATES, { optional: true }) state?: DeferredState;
}

@ApiTags('reactions')
@Controller('reactions')
export class ReactionsController {
  constructor(
    private readonly reactions: Reactions,
    private readonly statuses: ReactionStatuses,
    private readonly list: DeadLetterList,
    private readonly letters: DeadLetters,
    private readonly rehearsals: Rehearsals,
    private readonly backfills: Backfills,
    private readonly work: UnitOfWork,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Lists the reactions by name: how far each is, and what waits for it' })
  async all(): Promise<{ items: ReactionStatus[] }> {
    return { items: await this.statuses.all() };
  }

  @Get(':name')
  @ApiOperation({ summary: 'Shows how far a reaction is, and what waits for it' })
  async one(@Param('name') name: string): Promise<ReactionStatus> {
    return this.statuses.of(this.find(name));
  }

  @Get(':name/dead-letters')
  @ApiOperation({ summary: 'Lists what a reaction has given up on, or put aside, oldest first, with what went wrong' })
  async deadLetters(
    @Param('name') name: string,
    @Query() { state = 'dead', limit, cursor }: LettersRequest,
  ): Promise<Page<DeadLetter>> {
    const [after] = cursor ? decodeCursor(cursor, ['number']) : [0];
    const letters = await this.list.of(this.find(name).name, after, limit + 1, state);
    return page(letters, limit, ({ position }) => [position]);
  }

  @Post(':name/dead-letters/retry')
  @HttpCode(202)
  @ApiOperation({ summary: 'Tries dead letters again, so many each second, and answers how many there are' })
  async retry(@Param('name') name: string, @Body() request: RetryRequest): Promise<{ letters: number }> {
    const { perSecond, reason } = request;
    return { letters: await this.letters.retry(this.find(name).name, request.toChoice(), perSecond, reason) };
  }

  @Post(':name/dead-letters/skip')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Gives dead letters up, so that what is parked behind them can go on, and answers how many there are',
  })
  async skip(@Param('name') name: string, @Body() request: SkipRequest): Promise<{ letters: number }> {
    return { letters: await this.letters.skip(this.find(name).name, request.toChoice(), request.reason) };
  }

  @Post(':name/dead-letters/rehearse')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Shows what would become of a dead letter if it were tried again now',
    description: 'Nothing is stored, and nothing goes out.',
  })
  rehearse(@Param('name') name: string, @Body() { position, reason }: RehearseRequest): Promise<Rehearsed> {
    return this.rehearsals.rehearse(this.find(name), position, reason);
  }

  @Post(':name/rebuild')
  @HttpCode(202)
  @ApiOperation({
    summary: "Builds a projection's tables anew from the first event",
    description: '`GET /reactions` shows when it is done.',
  })
  async rebuild(@Param('name') name: string, @Body() { reason }: RebuildRequest): Promise<void> {
    const reaction = this.find(name);
    if (reaction.tables.length === 0) {
      throw new Refused('not-a-projection', `${name} is no projection, so there is nothing to build anew`);
    }
    await this.reactions.rebuild(name, () => this.work.publishLoose(new RebuildAsked({ reaction: name, reason })));
  }

  @Post(':name/backfill')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Hands a reaction what was raised before it began, oldest first',
    description:
      'Answers how many events that are; `GET /reactions` shows how far it has come. `npm run shop -- backfill <name> --dry-run` tells beforehand what it would do.',
  })
  async backfill(@Param('name') name: string, @Body() { reason }: BackfillRequest): Promise<{ events: number }> {
    return { events: await this.backfills.begin(this.find(name), reason) };
  }

  private find(name: string): ReactionDefinition {
    const reaction = this.reactions.find(name);
    if (!reaction) throw new NotFound('reaction-not-found', `there is no reaction called ${name}`);
    return reaction;
  }
}

@ApiTags('reactions')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(private readonly list: DeadLetterList) {}

  @Get()
  @ApiOperation({
    summary: 'Lists what the reactions have given up on, grouped by cause',
    description: 'Of one cause are those with the same error, ids, numbers and quoted values aside.',
  })
  async causes(@Query() { limit, cursor }: PageQuery): Promise<Page<CauseOfDeath>> {
    const after = cursor ? decodeCursor(cursor, ['string', 'string']) : (['', ''] as const);
    return page(await this.list.byCause(after, limit + 1), limit, ({ reaction, cause }) => [reaction, cause]);
  }
}

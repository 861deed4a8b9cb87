import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
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

  /** Events that a reaction has given up on, or put aside in another way, oldest first, with what went wrong. */
  @Get(':name/dead-letters')
  async deadLetters(
    @Param('name') name: string,
    @Query() { state = 'dead', limit, cursor }: LettersRequest,
  ): Promise<Page<DeadLetter>> {
    const [after] = cursor ? decodeCursor(cursor, ['number']) : [0];
    const letters = await this.list.of(this.find(name).name, after, limit + 1, state);
    return page(letters, limit, ({ position }) => [position]);
  }

  /** Tries dead letters again, so many each second. Answers how many there are. */
  @Post(':name/dead-letters/retry')
  @HttpCode(202)
  async retry(@Param('name') name: string, @Body() request: RetryRequest): Promise<{ letters: number }> {
    const { perSecond, reason } = request;
    return { letters: await this.letters.retry(this.find(name).name, request.toChoice(), perSecond, reason) };
  }

  /** Gives dead letters up, so that what is parked behind them can go on. Answers how many there are. */
  @Post(':name/dead-letters/skip')
  @HttpCode(200)
  async skip(@Param('name') name: string, @Body() request: SkipRequest): Promise<{ letters: number }> {
    return { letters: await this.letters.skip(this.find(name).name, request.toChoice(), request.reason) };
  }

  /** Shows what would become of a dead letter if it were tried again now. Nothing is stored, and nothing goes out. */
  @Post(':name/dead-letters/rehearse')
  @HttpCode(200)
  rehearse(@Param('name') name: string, @Body() { position, reason }: RehearseRequest): Promise<Rehearsed> {
    return this.rehearsals.rehearse(this.find(name), position, reason);
  }

  /** Builds a projection's tables anew from the first event; `GET /reactions` shows when it is done. */
  @Post(':name/rebuild')
  @HttpCode(202)
  async rebuild(@Param('name') name: string, @Body() { reason }: RebuildRequest): Promise<void> {
    const reaction = this.find(name);
    if (reaction.tables.length === 0) {
      throw new Refused('not-a-projection', `${name} is no projection, so there is nothing to build anew`);
    }
    await this.reactions.rebuild(name, () => this.work.publishLoose(new RebuildAsked({ reaction: name, reason })));
  }

  /**
   * Hands a reaction what was raised before it began, oldest first. Answers how many events that are; `GET /reactions`
   * shows how far it has come. `npm run shop -- backfill <name> --dry-run` tells beforehand what it would do.
   */
  @Post(':name/backfill')
  @HttpCode(202)
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

  /** What the reactions have given up on, grouped by cause: ids, numbers and quoted values aside, the same error. */
  @Get()
  async causes(@Query() { limit, cursor }: PageQuery): Promise<Page<CauseOfDeath>> {
    const after = cursor ? decodeCursor(cursor, ['string', 'string']) : (['', ''] as const);
    return page(await this.list.byCause(after, limit + 1), limit, ({ reaction, cause }) => [reaction, cause]);
  }
}

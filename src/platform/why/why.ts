import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { NotFound } from '../../kernel/domain-error';
import { EventLog, StoredEvent } from '../event-log/event-log';
import { Page, page } from '../http/page';
import { ReactionDefinition } from '../reactions/reaction-definition';
import { Fate, ReactionStatuses } from '../reactions/reaction-status';
import { Reactions } from '../reactions/reactions.service';
import { Explainable } from './explains';
import { ExplainedEvent, Explanation, Link, storyOf, Verdict } from './explanation';

/** A chain that is longer than this is a mistake: reactions that answer each other for ever. */
const LONGEST_CHAIN = 30;
/** So many events that a missing thing should have been made from are looked at. */
const MOST_ORIGINS = 10;
/** So many events that followed are named. */
const MOST_FOLLOWERS = 200;

const UNHEARD: readonly Verdict['state'][] = ['not-registered', 'does-not-listen'];

export interface Asked {
  /** Only what became of the events in this reaction. */
  readonly reaction?: string;
  /** Only events after this position. */
  readonly after?: number;
  readonly limit?: number;
}

/** Explains why something is as it is: back from its events to the requests, and on to what the reactions made of them. */
@Injectable()
export class Why {
  constructor(
    private readonly providers: DiscoveryService,
    private readonly log: EventLog,
    private readonly reactions: Reactions,
    private readonly statuses: ReactionStatuses,
  ) {}

  /** Every kind of thing that a module has declared. */
  get kinds(): string[] {
    return this.explainables.map(({ kind }) => kind).sort();
  }

  /** @throws NotFound when there is no such kind, or neither the thing nor anything that it should have been made from */
  async thing(kind: string, id: string, { reaction, after = 0, limit = 50 }: Asked = {}): Promise<Explanation> {
    const explainable = this.explainables.find((one) => one.kind === kind);
    if (!explainable) {
      throw new NotFound(
        'kind-not-found',
        `nothing is known of the kind ${kind}, but of event, ${this.kinds.join(', ')}`,
      );
    }
    const stream = explainable.stream(id);
    const thing = `${kind}/${id}`;
    const found: Page<StoredEvent> = page(
      await this.log.browse({ stream, after, limit: limit + 1 }),
      limit,
      (event) => [event.position],
    );
    if (found.items.length === 0 && after === 0) return this.missing(thing, stream, id, explainable, reaction);
    const all = await this.explain(found.items, reaction);
    // Whoever asks for one reaction wants to see what it has made of them; that it does not listen is said once.
    const heard = all.filter(({ reactions: [verdict] }) => !verdict || !UNHEARD.includes(verdict.state));
    const events = reaction === undefined ? all : heard.length ? heard : all.slice(0, 1);
    return { thing, exists: true, events, story: [`${thing}:`, ...events.flatMap(storyOf)], next: found.next };
  }

  /** @throws NotFound when the log is not so long */
  async event(position: number, { reaction }: Pick<Asked, 'reaction'> = {}): Promise<Explanation> {
    const found = await this.log.at([position]);
    if (found.length === 0) throw new NotFound('event-not-found', `the log has no event at position ${position}`);
    const events = await this.explain(found, reaction);
    return { thing: `event/${position}`, exists: true, events, story: events.flatMap(storyOf) };
  }

  private get explainables(): Explainable[] {
    return this.providers.getProviders().flatMap(({ instance }) => (instance instanceof Explainable ? instance : []));
  }

  /** Not there: what should have made it may tell why. */
  private async missing(
    thing: string,
    stream: string,
    id: string,
    { madeBy }: Explainable,
    asked: string | undefined,
  ): Promise<Explanation> {
    const maker = madeBy === undefined ? undefined : this.reactions.find(madeBy);
    const origins = maker ? await this.origins(maker, id) : [];
    if (origins.length === 0) {
      const nor = madeBy ? `, nor one that ${madeBy} would have made it from` : '';
      throw new NotFound('thing-not-found', `there is no ${thing}: the log has no event of ${stream}${nor}`);
    }
    const events = await this.explain(origins, asked ?? madeBy);
    const story = [`${thing} does not exist. ${madeBy} makes it from this:`, ...events.flatMap(storyOf)];
    return { thing, exists: false, events, story };
  }

  /** Events that the reaction listens to, of the stream with this id. An event of a type tells what its streams are called. */
  private async origins({ types }: ReactionDefinition, id: string): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (const type of types) {
      const [example] = await this.log.browse({ type, limit: 1 });
      if (!example) continue;
      const stream = `${example.stream.slice(0, example.stream.lastIndexOf('/'))}/${id}`;
      found.push(...(await this.log.browse({ stream, type, limit: MOST_ORIGINS })));
    }
    return found.sort((a, b) => a.position - b.position);
  }

  private async explain(events: readonly StoredEvent[], reaction: string | undefined): Promise<ExplainedEvent[]> {
    const causes = await this.causesOf(events);
    const fates = await this.statuses.fates(events);
    const followers = await this.log.raisedBecauseOf(events, MOST_FOLLOWERS);
    return Promise.all(
      events.map(async (event) => {
        const { position, type, stream, occurredAt, actor, correlationId } = event;
        const because = this.because(event, causes);
        const reactions = await this.verdicts(event, fates.get(event)!, reaction);
        const ledTo = followers
          .filter(({ causationId, raisedBy }) => causationId === event.id && (reaction ?? raisedBy) === raisedBy)
          .map((follower) => ({ position: follower.position, type: follower.type, stream: follower.stream }));
        return { position, type, stream, occurredAt, actor, correlationId, because, reactions, ledTo };
      }),
    );
  }

  /** Every event that one of these goes back to, by its id. */
  private async causesOf(events: readonly StoredEvent[]): Promise<Map<string, StoredEvent>> {
    const causes = new Map<string, StoredEvent>();
    let latest = events;
    for (let depth = 0; latest.length && depth < LONGEST_CHAIN; depth++) {
      const ids = new Set(latest.map(({ causationId }) => causationId).filter((id) => !causes.has(id)));
      latest = await this.log.byId([...ids]);
      for (const event of latest) causes.set(event.id, event);
    }
    return causes;
  }

  private because(event: StoredEvent, causes: ReadonlyMap<string, StoredEvent>): Link[] {
    const links: Link[] = [];
    for (let depth = 0; depth < LONGEST_CHAIN; depth++) {
      const { raisedBy, occurredAt: at, causationId, correlationId, actor } = event;
      const cause = causes.get(causationId);
      if (!cause) {
        return [...links, { kind: 'command', name: raisedBy, at }, { kind: 'request', correlationId, actor }];
      }
      links.push(...this.raisers(raisedBy, at, cause));
      const { type, stream, position, occurredAt } = cause;
      links.push({ kind: 'event', type, stream, position, at: occurredAt });
      event = cause;
    }
    return links;
  }

  /** A reaction, or a command that an external reaction has sent: the log knows which command, but not which reaction. */
  private raisers(raisedBy: string, at: string, cause: StoredEvent): Link[] {
    if (raisedBy.includes('.')) return [{ kind: 'reaction', name: raisedBy }];
    const senders = this.reactions.all.filter(({ mode, types }) => mode === 'external' && types.includes(cause.type));
    const sender: Link[] = senders.length === 1 ? [{ kind: 'reaction', name: senders[0].name }] : [];
    return [{ kind: 'command', name: raisedBy, at }, ...sender];
  }

  private async verdicts(event: StoredEvent, fates: readonly Fate[], asked: string | undefined): Promise<Verdict[]> {
    if (asked !== undefined && !fates.some(({ reaction }) => reaction === asked)) {
      const state = this.reactions.find(asked) ? ('does-not-listen' as const) : ('not-registered' as const);
      return [{ reaction: asked, state }];
    }
    const wanted = fates.filter(({ reaction }) => asked === undefined || reaction === asked);
    return Promise.all(
      wanted.map(async (fate) => {
        if (fate.state !== 'waiting' && fate.state !== 'raised-before-reaction') return fate;
        const { since, checkpoint, lag } = await this.statuses.standing(this.reactions.find(fate.reaction)!, event);
        return fate.state === 'waiting' ? { ...fate, checkpoint, lag } : { ...fate, since };
      }),
    );
  }
}

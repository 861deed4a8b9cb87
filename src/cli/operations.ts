import { userInfo } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { DomainError, NotFound } from '../kernel/domain-error';
import { Choice, DEFAULT_PER_SECOND, DeadLetters } from '../platform/reactions/dead-letters';
import { DeadLetterList, type GivenUp } from '../platform/reactions/dead-letter-list';
import { ReactionDefinition } from '../platform/reactions/reaction-definition';
import { ReactionStatuses } from '../platform/reactions/reaction-status';
import { Reactions } from '../platform/reactions/reactions.service';
import { Rehearsals, type Rehearsed } from '../platform/reactions/rehearsals';
import { newRequest, withinRequest } from '../platform/unit-of-work/cause';
import { Why } from '../platform/why/why';
import { withIdleShop } from './open-shop';
import { Failure } from './program';

/** So many are read at once of what may be long. */
const PAGE = 200;

/** Does something in the name of whoever runs this program. What the shop refuses is a line for people. */
function inShop<T>(work: (shop: INestApplicationContext) => Promise<T>): Promise<T> {
  return withIdleShop(async (shop) => {
    try {
      return await withinRequest(newRequest(user()), () => work(shop));
    } catch (error) {
      throw error instanceof DomainError ? new Failure(error.message) : error;
    }
  });
}

function user(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container there may be no name to a number.
    return `uid:${process.getuid?.() ?? 'unknown'}`;
  }
}

function find(shop: INestApplicationContext, name: string): ReactionDefinition {
  const reaction = shop.get(Reactions).find(name);
  if (!reaction) throw new NotFound('reaction-not-found', `there is no reaction called ${name}`);
  return reaction;
}

const lettersIn = (count: number): string => `${count} ${count === 1 ? 'letter' : 'letters'}`;

export const listReactions = (): Promise<void> =>
  inShop(async (shop) => {
    const all = await shop.get(ReactionStatuses).all();
    const width = Math.max(...all.map(({ name }) => name.length));
    for (const { name, mode, lag, deferred, dead } of all) {
      console.log(`${name.padEnd(width)}  ${mode.padEnd(14)}  ${lag} to read, ${deferred} deferred, ${dead} dead`);
    }
  });

export const retryLetters = (
  reaction: string,
  choice: Choice,
  perSecond = DEFAULT_PER_SECOND,
  reason?: string,
): Promise<void> =>
  inShop(async (shop) => {
    const count = await shop.get(DeadLetters).retry(find(shop, reaction).name, choice, perSecond, reason);
    console.log(`${lettersIn(count)} to be tried again, ${perSecond} each second, by the shop when it is open.`);
  });

export const skipLetters = (reaction: string, choice: Choice, reason: string): Promise<void> =>
  inShop(async (shop) => {
    const count = await shop.get(DeadLetters).skip(find(shop, reaction).name, choice, reason);
    console.log(`${lettersIn(count)} skipped.`);
  });

export const rehearseLetter = (reaction: string, position: number, reason?: string): Promise<Rehearsed> =>
  inShop(async (shop) => {
    // Should it kill this process, the shop does not notice.
    const rehearsed = await shop.get(Rehearsals).rehearse(find(shop, reaction), position, reason, true);
    tell(rehearsed);
    return rehearsed;
  });

export const listCauses = (): Promise<void> =>
  inShop(async (shop) => {
    let total = 0;
    for (let after: readonly [string, string] | undefined = ['', '']; after;) {
      const found = await shop.get(DeadLetterList).byCause(after, PAGE);
      for (const { reaction, cause, letters, firstPosition, lastPosition, firstAt, lastAt, error } of found) {
        total += letters;
        console.log(
          `${reaction}: ${lettersIn(letters)}, position ${firstPosition} to ${lastPosition}, ${firstAt} to ${lastAt}`,
        );
        console.log(`    cause: ${cause}`);
        console.log(`    error: ${error.split('\n', 1)[0]}`);
      }
      const last = found.at(-1);
      after = found.length === PAGE && last ? [last.reaction, last.cause] : undefined;
    }
    console.log(total ? `${lettersIn(total)} in all.` : 'There are no dead letters.');
  });

export const listLetters = (reaction: string, state: GivenUp): Promise<void> =>
  inShop(async (shop) => {
    const { name } = find(shop, reaction);
    for (let after = 0, more = true; more;) {
      const found = await shop.get(DeadLetterList).of(name, after, PAGE, state);
      for (const { position, type, stream, reason, attempts, error, skippedBy } of found) {
        const why = state === 'skipped' ? `skipped by ${skippedBy ?? 'an operator'}: ${reason}` : reason;
        console.log(`${position}  ${type} of ${stream}  ${why}, ${attempts} attempts: ${error?.split('\n', 1)[0]}`);
        after = position;
      }
      if (after === 0) console.log(`${name} has no such letters.`);
      more = found.length === PAGE;
    }
  });

function tell({ outcome, error, writes, events, outside }: Rehearsed): void {
  console.log(outcome === 'handled' ? 'It would be handled.' : `It would fail: ${error}`);
  for (const write of writes) {
    if (write.kind === 'statement') console.log(`  statement: ${write.sql}`);
    else console.log(`  ${write.kind} ${write.table} ${JSON.stringify(write.row ?? write.key)}`);
  }
  for (const { type, stream, facts } of events) console.log(`  event ${type} of ${stream} ${JSON.stringify(facts)}`);
  for (const { what, ...facts } of outside) console.log(`  outside: ${what} ${JSON.stringify(facts)}`);
  console.log('Nothing of this has happened.');
}

export const explain = (thing: string, reaction?: string): Promise<void> =>
  inShop(async (shop) => {
    const [, kind, id] = /^([^/]+)\/(.+)$/.exec(thing) ?? [];
    if (!kind)
      throw new Failure(`${thing}: say <kind>/<id>, where the kind is event, ${shop.get(Why).kinds.join(', ')}`);
    const why = shop.get(Why);
    if (kind === 'event') {
      if (!/^\d{1,15}$/.test(id)) throw new Failure(`${thing}: say event/<position>`);
      const { story } = await why.event(Number(id), { reaction });
      return story.forEach((line) => console.log(line));
    }
    for (let after: number | undefined = 0; after !== undefined;) {
      const { story, events, next } = await why.thing(kind, id, { reaction, after, limit: PAGE });
      story.slice(after > 0 ? 1 : 0).forEach((line) => console.log(line));
      after = next === undefined ? undefined : events.at(-1)!.position;
    }
  });

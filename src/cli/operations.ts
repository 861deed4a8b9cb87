import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { BooksToPublish, Publications, PublishBooks } from '../catalog/commands/publish-books';
import { DomainError, NotFound } from '../kernel/domain-error';
import { harmless } from '../kernel/text';
import { decodeCursor } from '../platform/http/page';
import { Choice, DEFAULT_PER_SECOND, DeadLetters } from '../platform/reactions/dead-letters';
import { DeadLetterList } from '../platform/reactions/dead-letter-list';
import { ReactionDefinition } from '../platform/reactions/reaction-definition';
import { ReactionStatuses } from '../platform/reactions/reaction-status';
import type { DeferredState } from '../platform/reactions/reaction.tables';
import { Reactions } from '../platform/reactions/reactions.service';
import { Rehearsals, type Rehearsed } from '../platform/reactions/rehearsals';
import { newRequest, withinRequest } from '../platform/unit-of-work/cause';
import { Why } from '../platform/why/why';
import { Meter, meterOf } from './meter';
import { withIdleShop } from './open-shop';
import { Failure } from './program';

/** So many are read at once of what may be long. */
const PAGE = 200;

/** How many refused books are shown. */
const SHOWN = 50;

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

/** What is told may come from anywhere: from a client, or from the other side of a call that has failed. */
const say = (line: string): void => console.log(harmless(line));

const lettersIn = (count: number): string => `${count} ${count === 1 ? 'letter' : 'letters'}`;

export const listReactions = (): Promise<void> =>
  inShop(async (shop) => {
    const all = await shop.get(ReactionStatuses).all();
    const width = Math.max(...all.map(({ name }) => name.length));
    for (const { name, mode, state, lag, deferred, dead } of all) {
      const counts = `${lag} to read, ${deferred} deferred, ${dead} dead`;
      say(`${name.padEnd(width)}  ${mode.padEnd(14)}  ${state.padEnd(10)}  ${counts}`);
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
    say(`${lettersIn(count)} to be tried again, ${perSecond} each second, by the shop when it is open.`);
  });

export const skipLetters = (reaction: string, choice: Choice, reason: string): Promise<void> =>
  inShop(async (shop) => {
    const count = await shop.get(DeadLetters).skip(find(shop, reaction).name, choice, reason);
    say(`${lettersIn(count)} skipped.`);
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
        say(
          `${reaction}: ${lettersIn(letters)}, position ${firstPosition} to ${lastPosition}, ${firstAt} to ${lastAt}`,
        );
        say(`    cause: ${cause}`);
        say(`    error: ${error.split('\n', 1)[0]}`);
      }
      const last = found.at(-1);
      after = found.length === PAGE && last ? [last.reaction, last.cause] : undefined;
    }
    say(total ? `${lettersIn(total)} in all.` : 'There are no dead letters.');
  });

export const listLetters = (reaction: string, state: DeferredState): Promise<void> =>
  inShop(async (shop) => {
    const { name } = find(shop, reaction);
    for (let after = 0, more = true; more;) {
      const found = await shop.get(DeadLetterList).of(name, after, PAGE, state);
      for (const { position, type, stream, reason, attempts, error, skippedBy, retryAt } of found) {
        const why = {
          dead: reason,
          skipped: `skipped by ${skippedBy ?? 'an operator'}: ${reason}`,
          retrying: `to be tried again at ${retryAt}`,
          parked: 'behind an earlier event of its stream',
        }[state];
        const wrong = error === undefined ? '' : `: ${error.split('\n', 1)[0]}`;
        say(`${position}  ${type} of ${stream}  ${why}, ${attempts} attempts${wrong}`);
        after = position;
      }
      if (after === 0) say(`${name} has no such letters.`);
      more = found.length === PAGE;
    }
  });

function tell({ outcome, error, writes, events, outside }: Rehearsed): void {
  say(outcome === 'handled' ? 'It would be handled.' : `It would fail: ${error}`);
  for (const write of writes) {
    if (write.kind === 'statement') say(`  statement: ${write.sql}`);
    else {
      // A whole row has its key in it.
      const facts = write.kind === 'change' ? [write.key, write.row] : [write.row ?? write.key];
      say(`  ${write.kind} ${write.table} ${facts.map((one) => JSON.stringify(one)).join(' ')}`);
    }
  }
  for (const { type, stream, facts } of events) say(`  event ${type} of ${stream} ${JSON.stringify(facts)}`);
  for (const { what, ...facts } of outside) say(`  outside: ${what} ${JSON.stringify(facts)}`);
  say('Nothing of this has happened.');
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
      return story.forEach(say);
    }
    for (let after: number | undefined = 0; after !== undefined;) {
      const { story, next } = await why.thing(kind, id, { reaction, after, limit: PAGE });
      story.slice(after > 0 ? 1 : 0).forEach(say);
      after = next === undefined ? undefined : decodeCursor(next, ['number'])[0];
    }
  });

/** @returns the ids in a file, one in each line; `-` is what the program is given as its input */
export async function idsIn(file: string): Promise<string[]> {
  const list = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch((error: Error) => {
    throw new Failure(error.message);
  });
  const ids = list.split('\n').map((line) => line.trim().toLowerCase());
  return ids.filter((id) => id !== '');
}

export const publishBooks = (which: BooksToPublish, interrupted: AbortSignal): Promise<void> =>
  inShop(async (shop) => {
    const refused: string[] = [];
    let meter: Meter | undefined;
    let summary: Publications | undefined;
    try {
      for await (const item of shop.get(PublishBooks, { strict: false }).run(which, interrupted)) {
        if ('progress' in item) {
          meter ??= meterOf('books', item.progress.of);
          meter.show(item.progress.asked, inWords(item.progress));
        } else if ('summary' in item) summary = item.summary;
        else if (refused.length < SHOWN) refused.push(item.refused.reason);
      }
    } finally {
      meter?.stop();
    }
    say(`${inWords(summary!)}.`);
    refused.forEach((reason) => say(`  ${reason}`));
    const more = summary!.refused - refused.length;
    if (more > 0) say(`  and ${more} more`);
    if (summary!.published > 0) say('What follows from it is done by the shop when it is open.');
    if (interrupted.aborted) say('Interrupted. Running the same command again continues from there.');
  });

const inWords = ({ asked, published, alreadyPublished, refused }: Publications): string =>
  `${asked} ${asked === 1 ? 'book' : 'books'}: ${published} published, ${alreadyPublished} published already, ${refused} refused`;

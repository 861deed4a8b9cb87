import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { BooksToPublish, Publications, PublishBooks } from '../catalog/commands/publish-books';
import { DomainError, NotFound } from '../kernel/domain-error';
import { harmless } from '../kernel/text';
import { decodeCursor } from '../platform/http/page';
import { EventLog } from '../platform/event-log/event-log';
import { BackfillFinished } from '../platform/reactions/operator.events';
import { BackfillRehearsals, Forecast, Sample } from '../platform/reactions/backfill-rehearsals';
import { Backfills } from '../platform/reactions/backfills';
import { Choice, DEFAULT_PER_SECOND, DeadLetters } from '../platform/reactions/dead-letters';
import { DeadLetterList } from '../platform/reactions/dead-letter-list';
import { ReactionDefinition } from '../platform/reactions/reaction-definition';
import { ReactionStatuses } from '../platform/reactions/reaction-status';
import type { DeferredState } from '../platform/reactions/reaction.tables';
import { Progress } from '../platform/reactions/progress';
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
/** How often to look how far the shop is, and for how long to go on when it comes no further, in milliseconds. */
const LOOK = 250;
const PATIENCE = 10_000;

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
  if (!reaction)
    throw new NotFound(
      'reaction-not-found',
      `there is no reaction called ${name}: npm run shop -- reactions lists them`,
    );
  return reaction;
}

/** What is told may come from anywhere: from a client, or from the other side of a call that has failed. */
const say = (line: string): void => console.log(harmless(line));

const format = new Intl.NumberFormat('en');
const number = (count: number): string => format.format(count);
const eventsIn = (count: number): string => `${number(count)} ${count === 1 ? 'event' : 'events'}`;
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

export const backfill = (reaction: string, reason?: string, interrupted?: AbortSignal): Promise<void> =>
  inShop(async (shop) => {
    const found = find(shop, reaction);
    const before = await shop.get(EventLog).head();
    const events = await shop.get(Backfills).begin(found, reason);
    if (events === 0) return say(nothingFor(reaction));
    say(`${eventsIn(events)} to be handed to ${reaction}, by the shop when it is open.`);
    await follow(shop, found, events, interrupted);
    const { backfill: rest, deferred, dead } = await shop.get(ReactionStatuses).of(found);
    if (rest) return say(`${eventsIn(rest.total - rest.events)} still to be handed over, when the shop is open.`);
    const finished = await shop.get(EventLog).browse({ type: BackfillFinished.type, after: before, limit: PAGE });
    const facts = finished.map((event) => event.facts as unknown as BackfillFinished);
    const { events: all, leftOut } = facts.find((one) => one.reaction === reaction)!;
    say(`Done: ${eventsIn(all - leftOut)} handed over. ${leftOutInWords(leftOut)}`);
    say(`${reaction} has ${deferred} deferred, ${dead} dead.`);
  });

/** Shows how far a back-fill has come, to its end, or as long as it comes further. */
async function follow(
  shop: INestApplicationContext,
  reaction: ReactionDefinition,
  total: number,
  interrupted: AbortSignal | undefined,
): Promise<void> {
  const meter = meterOf('back-fill', total);
  let movedAt = Date.now();
  let left = total;
  const isDone = async () => {
    const { backfill: rest } = await shop.get(ReactionStatuses).of(reaction);
    const now = rest ? rest.total - rest.events : 0;
    if (now !== left) movedAt = Date.now();
    left = now;
    return rest === undefined;
  };
  try {
    while (!(await shop.get(Progress).until(isDone, LOOK))) {
      meter.show(total - left, `${number(total - left)} of ${eventsIn(total)}`);
      if (interrupted?.aborted || Date.now() - movedAt > PATIENCE) return;
    }
  } finally {
    meter.stop();
  }
}

const nothingFor = (reaction: string): string =>
  `There is nothing to hand to ${reaction}: it has been given every event since the first one, unless a back-fill has left it out.`;

const leftOutInWords = (count: number): string =>
  count === 0
    ? 'None was left out.'
    : `Left out: ${eventsIn(count)}, as the reaction had been given a later event of the same stream.`;

export const rehearseBackfill = (reaction: string, reason?: string): Promise<Forecast> =>
  inShop(async (shop) => {
    let meter: Meter | undefined;
    const show = (done: number, total: number) =>
      (meter ??= meterOf('dry run', total)).show(done, `${number(done)} of ${eventsIn(total)}`);
    const forecast = await shop
      .get(BackfillRehearsals)
      .rehearse(find(shop, reaction), reason, show)
      .finally(() => meter?.stop());
    foretell(reaction, forecast);
    return forecast;
  });

function foretell(reaction: string, forecast: Forecast): void {
  const { extents, total, handled, failed, waiting, rows, statements, raised, outside, failures, samples } = forecast;
  if (total === 0) return say(nothingFor(reaction));
  say(`${eventsIn(total)} would be handed to ${reaction}:`);
  for (const { type, events, firstAt, lastAt } of extents) {
    say(`  ${type}: ${number(events)}, raised from ${firstAt} to ${lastAt}`);
  }
  const left = [...forecast.leftOut].map(([type, events]) => `${number(events)} ${type}`);
  say(
    left.length
      ? `Left out, as it has been given a later event of their stream: ${left.join(', ')}`
      : leftOutInWords(0),
  );
  say(
    `Tried now: ${number(handled)} would be handled, ${number(failed)} would fail, ${number(waiting)} wait behind those.`,
  );
  for (const [table, keys] of rows) say(`  rows of ${table}: ${number(keys.size)}`);
  for (const [sql, times] of statements) say(`  statement, ${number(times)} times: ${sql}`);
  for (const [type, events] of raised) say(`  events raised, ${type}: ${number(events)}`);
  say([...outside].length ? `To the outside would go${UNTRIED}:` : 'Nothing would go to the outside.');
  for (const [what, times] of outside) say(`  ${what}: ${number(times)} times`);
  for (const { cause, events, position, error } of failures.values()) {
    say(`${eventsIn(events)} would fail, the first at position ${position}: ${error.split('\n', 1)[0]}`);
    say(`    cause: ${cause}`);
  }
  if (samples.length) say('The first of them:');
  for (const sample of samples) show(sample);
  say('Nothing of this has happened.');
}

/** A rehearsal ends where somebody else would have to answer. */
const UNTRIED = ' (whether it would be taken there was not tried)';

function show({ events, error, writes, raised, outside }: Sample): void {
  for (const { position, type, stream } of events) say(`At position ${position}: ${type} of ${stream}`);
  if (error !== undefined) say(`  fails: ${error.split('\n', 1)[0]}`);
  tellDetails({ writes, events: raised, outside });
}

function tell({ outcome, error, ...details }: Rehearsed): void {
  say(outcome === 'handled' ? 'It would be handled.' : `It would fail: ${error}`);
  tellDetails(details);
  say('Nothing of this has happened.');
}

function tellDetails({ writes, events, outside }: Pick<Rehearsed, 'writes' | 'events' | 'outside'>): void {
  for (const write of writes) {
    if (write.kind === 'statement') say(`  statement: ${write.sql}`);
    else {
      // A whole row has its key in it.
      const facts = write.kind === 'change' ? [write.key, write.row] : [write.row ?? write.key];
      say(`  ${write.kind} ${write.table} ${facts.map((one) => JSON.stringify(one)).join(' ')}`);
    }
  }
  for (const { type, stream, facts } of events) say(`  event ${type} of ${stream} ${JSON.stringify(facts)}`);
  for (const { what, ...facts } of outside) say(`  outside${UNTRIED}: ${what} ${JSON.stringify(facts)}`);
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

import { userInfo } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DomainError, NotFound } from '../kernel/domain-error';
import { Choice, DEFAULT_PER_SECOND, DeadLetters } from '../platform/reactions/dead-letters';
import { ReactionDefinition } from '../platform/reactions/reaction-definition';
import { DeadLetterList, GIVEN_UP, type GivenUp } from '../platform/reactions/dead-letter-list';
import { ReactionStatuses } from '../platform/reactions/reaction-status';
import { Reactions } from '../platform/reactions/reactions.service';
import { Rehearsals, type Rehearsed } from '../platform/reactions/rehearsals';
import { newRequest, withinRequest } from '../platform/unit-of-work/cause';
import { Why } from '../platform/why/why';
import { Failure, runProgram, withIdleShop } from './program';

/** So many are read at once of what may be long. */
const PAGE = 200;

/** What a rehearsal exits with that has failed: the letter would be dead again. */
const WOULD_FAIL = 2;

interface Which {
  readonly position?: readonly number[];
  readonly cause?: string;
  readonly all?: true;
}

runProgram(async () => {
  let code = 0;
  const shop = new Command('npm run shop --')
    .description(
      'What an operator can see and do, also while the shop is open: that takes over retries within a second.',
    )
    .configureHelp({ showGlobalOptions: true });
  shop.addHelpText(
    'after',
    `
The database is the one that DATABASE_URL names. What is changed is an event in the log, in the name of the user of this
machine. Each command has its own --help, with examples.

Exit code 0: done. 1: not done, and one line says why. 2: a rehearsal has shown that the letter would fail again.

Examples:
  npm run shop -- reactions
  npm run shop -- dead-letters
  npm run shop -- why inventory/0190a5d0-ac96-774b-bcce-b302099a8057`,
  );

  shop
    .command('reactions')
    .description('Each reaction: how far it is, and what waits for it.')
    .addHelpText('after', examples('reactions'))
    .action(() => withIdleShop(listReactions));

  const letters = shop
    .command('dead-letters')
    .description('What the reactions have given up on: grouped by cause, or one by one for one reaction.')
    .argument('[reaction]', 'its name, as `reactions` shows it')
    .addOption(new Option('--state <state>', 'of the letters of one reaction').choices(GIVEN_UP).default('dead'))
    .addHelpText('after', examples('dead-letters', 'dead-letters inventory.open-stock --state skipped'))
    .action((reaction: string | undefined, { state }: { state: GivenUp }) =>
      inShop((open) => (reaction === undefined ? listCauses(open) : listLetters(open, reaction, state))),
    );

  choosing(letters.command('retry'))
    .description('Tries dead letters again, as if for the first time.')
    .option('--per-second <n>', 'how many of them are due each second', wholeNumber(1, 1000), DEFAULT_PER_SECOND)
    .option('--reason <text>', 'why they can be handled now')
    .addHelpText(
      'after',
      examples(
        'dead-letters retry inventory.open-stock --position 42 57',
        `dead-letters retry notifications.send-mail --cause 'Error: connect ECONNREFUSED #' --per-second 5`,
        `dead-letters retry notifications.send-mail --all --reason 'the mail server is back'`,
      ),
    )
    .action((reaction: string, { perSecond, reason, ...which }: Which & { perSecond: number; reason?: string }) =>
      inShop(async (open) => {
        const { name } = find(open, reaction);
        const count = await open.get(DeadLetters).retry(name, choiceOf(which), perSecond, reason);
        console.log(`${lettersIn(count)} to be tried again, ${perSecond} each second, by the shop when it is open.`);
      }),
    );

  choosing(letters.command('skip'))
    .description('Decides that dead letters shall never be handled. What is parked behind them goes on.')
    .requiredOption('--reason <text>', 'why they shall not')
    .addHelpText(
      'after',
      examples(`dead-letters skip inventory.open-stock --position 42 --reason 'the book was entered twice'`),
    )
    .action((reaction: string, { reason, ...which }: Which & { reason: string }) =>
      inShop(async (open) => {
        if (!reason.trim()) throw new Failure('--reason must say something');
        const count = await open.get(DeadLetters).skip(find(open, reaction).name, choiceOf(which), reason.trim());
        console.log(`${lettersIn(count)} skipped.`);
      }),
    );

  letters
    .command('rehearse')
    .description('Shows what would become of a dead letter now. Nothing is stored, and nothing goes out.')
    .argument('<reaction>')
    .requiredOption('--position <n>', 'its place in the log', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--reason <text>', 'why you want to know')
    .addHelpText('after', examples('dead-letters rehearse inventory.open-stock --position 42'))
    .action((reaction: string, { position, reason }: { position: number; reason?: string }) =>
      inShop(async (open) => {
        // Should it kill this process, the shop does not notice.
        const rehearsed = await open.get(Rehearsals).rehearse(find(open, reaction), position, reason, true);
        tell(rehearsed);
        if (rehearsed.outcome === 'failed') code = WOULD_FAIL;
      }),
    );

  shop
    .command('why')
    .description(
      'Explains a thing: where each of its events comes from, and what the reactions made of it; or why it is not there.',
    )
    .argument('<thing>', '<kind>/<id>, or event/<position>')
    .option('--reaction <name>', 'only what became of its events in this reaction')
    .addHelpText(
      'after',
      examples(
        'why order/0190a5d0-ac96-774b-bcce-b302099a8057',
        'why inventory/0190a5d0-ac96-774b-bcce-b302099a8057 --reaction inventory.open-stock',
        'why event/42',
      ),
    )
    .action((thing: string, { reaction }: { reaction?: string }) => inShop((open) => explain(open, thing, reaction)));

  await shop.parseAsync();
  return code;
});

function examples(...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npm run shop -- ${command}`).join('\n')}`;
}

/** The choices that retry and skip have in common. */
function choosing(command: Command): Command {
  return command
    .argument('<reaction>')
    .addOption(
      new Option('--position <n...>', 'those at these places in the log')
        .argParser((text: string, before: number[] = []) => [...before, wholeNumber(1, Number.MAX_SAFE_INTEGER)(text)])
        .conflicts(['cause', 'all']),
    )
    .addOption(
      new Option('--cause <text>', 'those that have died of this, as `dead-letters` shows it').conflicts('all'),
    )
    .option('--all', 'all of the reaction');
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function choiceOf({ position, cause, all }: Which): Choice {
  if (position) return position;
  if (cause !== undefined) return { cause };
  if (all) return { all };
  throw new Failure('which ones? Say so with --position, --cause or --all');
}

/** Does something in the name of whoever runs this program. What the shop refuses is a line for people. */
function inShop(work: (shop: INestApplicationContext) => Promise<void>): Promise<void> {
  return withIdleShop(async (shop) => {
    try {
      await withinRequest(newRequest(user()), () => work(shop));
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

async function listReactions(shop: INestApplicationContext): Promise<void> {
  const all = await shop.get(ReactionStatuses).all();
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, mode, lag, deferred, dead } of all) {
    console.log(`${name.padEnd(width)}  ${mode.padEnd(14)}  ${lag} to read, ${deferred} deferred, ${dead} dead`);
  }
}

async function listCauses(shop: INestApplicationContext): Promise<void> {
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
}

async function listLetters(shop: INestApplicationContext, reaction: string, state: GivenUp): Promise<void> {
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
}

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

async function explain(shop: INestApplicationContext, thing: string, reaction?: string): Promise<void> {
  const [, kind, id] = /^([^/]+)\/(.+)$/.exec(thing) ?? [];
  if (!kind) throw new Failure(`${thing}: say <kind>/<id>, where the kind is event, ${shop.get(Why).kinds.join(', ')}`);
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
}

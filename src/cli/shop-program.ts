import { Command, Option } from 'commander';
import type { Choice } from '../platform/reactions/dead-letters';
import type { DeferredState } from '../platform/reactions/reaction.tables';
import type * as Operations from './operations';
import { Failure, wholeNumber } from './program';

/** What a rehearsal exits with that has failed: the letter would be dead again, or a part of a history would fail. */
const WOULD_FAIL = 2;

interface Which {
  readonly position?: readonly number[];
  readonly cause?: string;
  readonly all?: true;
}

/**
 * Does what an operator has said on the command line, such as `['why', 'event/42']`.
 *
 * @param operations loads the shop when it is called for: whoever asks for help does not wait for it
 * @param interrupted by Ctrl-C: ends early what is done one by one, and whoever only watches
 * @returns what the program exits with. @throws Failure, which is one line for people
 */
export async function shopProgram(
  said: readonly string[],
  operations: () => Promise<typeof Operations>,
  interrupted: AbortSignal,
): Promise<number> {
  let code = 0;
  const shop = new Command('npm run shop --')
    .description(
      'What an operator can see and do, also while the shop is open, which begins with retries within a second.',
    )
    .enablePositionalOptions();
  shop.addHelpText(
    'after',
    `
The database is the one that DATABASE_URL names. What is changed is an event in the log, in the name of the user of this
machine. Each command has its own --help, with examples.

Exit code 0: done. 1: not done, and one line says why. 2: a rehearsal has shown that a letter would fail
again, or that events of a history would. 130: Ctrl-C, which stops cleanly.

Examples:
  npm run shop -- reactions
  npm run shop -- dead-letters
  npm run shop -- why inventory/0190a5d0-ac96-774b-bcce-b302099a8057
  npm run shop -- publish --all`,
  );

  shop
    .command('reactions')
    .description('Each reaction: what it is doing, how far it is, and what waits for it.')
    .addHelpText('after', examples('reactions'))
    .action(async () => (await operations()).listReactions());

  const letters = shop
    .command('dead-letters')
    .description(
      'What the reactions have given up on, grouped by cause; for one reaction one by one, also what it will try again.',
    )
    .argument('[reaction]', 'its name, as `reactions` shows it')
    .addOption(
      new Option('--state <state>', 'of the letters of one reaction')
        .choices(['dead', 'retrying', 'parked', 'skipped'] satisfies DeferredState[])
        .default('dead'),
    )
    .enablePositionalOptions()
    .addHelpText('after', examples('dead-letters', 'dead-letters inventory.open-stock --state retrying'))
    .action(async (reaction: string | undefined, { state }: { state: DeferredState }) => {
      const { listCauses, listLetters } = await operations();
      await (reaction === undefined ? listCauses() : listLetters(reaction, state));
    });

  choosing(letters.command('retry'))
    .description('Tries dead letters again, as if for the first time; or now, what would be tried again later.')
    .option('--per-second <n>', 'how many of them are due each second; 50 unless told', wholeNumber(1, 1000))
    .option('--reason <text>', 'why they can be handled now')
    .addHelpText(
      'after',
      examples(
        'dead-letters retry inventory.open-stock --position 42 57',
        `dead-letters retry notifications.send-mail --cause 'Error: connect ECONNREFUSED #' --per-second 5`,
        `dead-letters retry notifications.send-mail --all --reason 'the mail server is back'`,
      ),
    )
    .action(
      async (reaction: string, { perSecond, reason, ...which }: Which & { perSecond?: number; reason?: string }) => {
        const choice = choiceOf(which);
        await (await operations()).retryLetters(reaction, choice, perSecond, reason);
      },
    );

  choosing(letters.command('skip'))
    .description('Decides that dead letters shall never be handled. What is parked behind them goes on.')
    .requiredOption('--reason <text>', 'why they shall not')
    .addHelpText(
      'after',
      examples(`dead-letters skip inventory.open-stock --position 42 --reason 'the book was entered twice'`),
    )
    .action(async (reaction: string, { reason, ...which }: Which & { reason: string }) => {
      if (!reason.trim()) throw new Failure('--reason must say something');
      const choice = choiceOf(which);
      await (await operations()).skipLetters(reaction, choice, reason.trim());
    });

  letters
    .command('rehearse')
    .description('Shows what would become of a dead letter now. Nothing is stored, and nothing goes out.')
    .argument('<reaction>')
    .requiredOption('--position <n>', 'its place in the log', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--reason <text>', 'why you want to know')
    .addHelpText('after', examples('dead-letters rehearse inventory.open-stock --position 42'))
    .action(async (reaction: string, { position, reason }: { position: number; reason?: string }) => {
      const { outcome } = await (await operations()).rehearseLetter(reaction, position, reason);
      if (outcome === 'failed') code = WOULD_FAIL;
    });

  shop
    .command('backfill')
    .description('Hands a reaction what was raised before it began, oldest first. The open shop does it.')
    .argument('<reaction>', 'its name, as `reactions` shows it')
    .option('--dry-run', 'only tries it: nothing is stored, and nothing goes out')
    .option('--reason <text>', 'why it is handed its history')
    .addHelpText(
      'after',
      `
Each event is handled once, in the order of its stream, and what fails becomes a dead letter as ever. Left out is what is older
than something of its stream that the reaction has handled: it would come too late. Ctrl-C ends only the watching.

A dry run tries stream by stream, and takes back each before the next. So it does not know what the events of one stream
make of another's, such as a customer who has spent too much with all orders together.
${examples(
  'backfill loyalty.award-points --dry-run',
  `backfill loyalty.award-points --reason 'points for the orders of last year'`,
)}`,
    )
    .action(async (reaction: string, { dryRun, reason }: { dryRun?: true; reason?: string }) => {
      const { backfill, rehearseBackfill } = await operations();
      if (!dryRun) return backfill(reaction, reason, interrupted);
      if ((await rehearseBackfill(reaction, reason)).failed > 0) code = WOULD_FAIL;
    });

  shop
    .command('why')
    .description(
      'Explains a thing: where each of its events comes from, and what the reactions made of it; or why it is not there.',
    )
    .argument('<thing>', 'book/<id>, order/<id>, inventory/<id>, ..., or event/<position>')
    .option('--reaction <name>', 'only what became of its events in this reaction')
    .addHelpText(
      'after',
      examples(
        'why order/0190a5d0-ac96-774b-bcce-b302099a8057',
        'why book/0190a5d0-ac96-774b-bcce-b302099a8057 --reaction inventory.open-stock',
        'why event/42',
      ),
    )
    .action(async (thing: string, { reaction }: { reaction?: string }) =>
      (await operations()).explain(thing, reaction),
    );

  shop
    .command('publish')
    .description('Publishes many books, each by itself. What is published already is left alone; Ctrl-C stops cleanly.')
    .addOption(new Option('--book <id...>', 'these').conflicts(['from', 'all']))
    .addOption(
      new Option('--from <file>', 'those whose ids are in the file, one in each line; - is the input').conflicts('all'),
    )
    .option('--all', 'all drafts, except those with a publishAt: these come out at that moment')
    .addHelpText(
      'after',
      examples(
        'publish --all',
        'publish --book 0190a5d0-ac96-774b-bcce-b302099a8057 0190a5d0-ac97-72c5-9d4f-1f1c5be6e3aa',
        'publish --from autumn.txt',
      ),
    )
    .action(async ({ book, from, all }: { book?: readonly string[]; from?: string; all?: true }) => {
      if (!book && from === undefined && !all) throw new Failure('which ones? Say so with --book, --from or --all');
      const { idsIn, publishBooks } = await operations();
      const which = all ? { all } : { bookIds: book?.map((id) => id.toLowerCase()) ?? (await idsIn(from!)) };
      await publishBooks(which, interrupted);
    });

  await shop.parseAsync(said, { from: 'user' });
  return code;
}

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

function choiceOf({ position, cause, all }: Which): Choice {
  if (position) return position;
  if (cause !== undefined) return { cause };
  if (all) return { all };
  throw new Failure('which ones? Say so with --position, --cause or --all');
}

import { join } from 'node:path';
import { Command } from 'commander';
import { runProgram, wholeNumber } from './program';
import type { Wanted } from './seed/seed-shop';

/** In the folder of the project; a program that was installed without it makes all of its books up. */
const SAMPLE = join(__dirname, '..', '..', 'docs', 'sample-books.csv');

runProgram(async (interruption) => {
  const command = new Command('npm run seed --')
    .description(
      'Fills a new shop with a month of life: books, customers, orders in every state, payments, refunds, stock that comes and goes.',
    )
    .option('--days <n>', 'how long it has been open', wholeNumber(1, 365), 30)
    .option('--titles <n>', 'how many books it has', wholeNumber(1, 10_000), 150)
    .option('--orders <n>', 'how often somebody orders', wholeNumber(1, 100_000), 400)
    .option('--books <file>', 'a list of books as CSV, as for `npm run import`; what it lacks is made up')
    .option('--seed <n>', 'another life', wholeNumber(0, 1_000_000_000), 1)
    .addHelpText(
      'after',
      `
The database is the one that DATABASE_URL names. It must be new or empty, and the shop closed. All that happens happens
through the commands that everybody uses, by a clock that goes from so many days ago to the last full hour.

The same seed in the same hour is the same life: books, prices, customers, orders, payments, stock and times. Ids differ. In
another hour the busy hours and the weekends fall elsewhere, and so do the orders.

Nobody is written to and no money moves: letters are noted as sent whatever MAIL_URL says, customers have addresses at
example.com, .org and .net, and refunds are in the books of a local provider. A book starts with 10 copies.

Exit code 0: done. 1: not done, and one line says why. 130: Ctrl-C; what has happened until then stays.

Examples:
  npm run seed
  npm run seed -- --days 7 --orders 50 --seed 42
  DATABASE_URL=sqlite:./data/demo.db npm run seed -- --books goodbooks.csv --titles 1000 --orders 2000`,
    );
  await command
    .action(async ({ books, ...wanted }: Omit<Wanted, 'list'> & { books?: string }) => {
      // Loaded here: whoever asks for help does not wait for the whole shop.
      const { seedShop } = await import('./seed/seed-shop.js');
      await seedShop({ ...wanted, list: books ?? SAMPLE, isListOptional: books === undefined }, interruption);
    })
    .parseAsync();
  return interruption.code ?? 0;
});

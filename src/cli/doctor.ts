import { Command } from 'commander';
import { runProgram } from './program';

runProgram(async () => {
  let healthy = false;
  const command = new Command('npm run doctor')
    .description('Asks the database whether everything is as it should be: the file, the log, the reactions, the shop.')
    .option('--quiet', 'tell only what is wrong')
    .addHelpText(
      'after',
      `
Reads the database that DATABASE_URL names and changes nothing; the shop may be open meanwhile.
Exit code 0: all is well. 1: something is not.`,
    );
  command.action(async ({ quiet }: { quiet?: boolean }) => {
    // Loaded here: whoever asks for help does not wait for the whole shop.
    const { examine } = await import('./examine.js');
    healthy = await examine(quiet ?? false);
  });
  await command.parseAsync();
  return healthy ? 0 : 1;
});

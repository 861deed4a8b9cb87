import { Command } from 'commander';
import { Doctor } from '../platform/invariants/doctor';
import { runProgram, withIdleShop } from './program';

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
    healthy = await examine(quiet ?? false);
  });
  await command.parseAsync();
  return healthy ? 0 : 1;
});

async function examine(quiet: boolean): Promise<boolean> {
  return withIdleShop(async (shop) => {
    const doctor = shop.get(Doctor);
    const findings = await doctor.examine();
    const wrong = new Map(findings.map(({ sentence, violations }) => [sentence, violations]));
    for (const sentence of doctor.sentences) {
      const violations = wrong.get(sentence);
      if (!violations && quiet) continue;
      console.log(`${violations ? '✗' : '✓'} ${sentence}`);
      for (const violation of violations ?? []) console.log(`    ${violation}`);
    }
    if (!quiet) console.log(findings.length ? `\n${findings.length} of these are not true.` : '\nAll is well.');
    return findings.length === 0;
  });
}

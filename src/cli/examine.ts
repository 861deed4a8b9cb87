import { Doctor } from '../platform/invariants/doctor';
import { withIdleShop } from './open-shop';

/** Tells what is true of the shop and what is not. @param quiet only what is not @returns whether all is well */
export async function examine(quiet: boolean): Promise<boolean> {
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

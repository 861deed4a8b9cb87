import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Effort, Findings } from './report';
import { keep, print } from './results';
import { growth } from './sections/growth';
import { importing } from './sections/import';
import { reactions } from './sections/reactions';
import { reads } from './sections/reads';
import { refused } from './sections/refused';
import { shop } from './sections/shop';

const SECTIONS: Readonly<
  Record<
    string,
    { readonly says: string; readonly slow?: true; readonly measure: (effort: Effort) => Promise<Findings> }
  >
> = {
  shop: { says: 'the shop beside what others would have built', measure: shop },
  refused: { says: 'one command in a hundred that is refused', measure: refused },
  reactions: { says: 'many reactions to one type of event', measure: reactions },
  import: { says: 'a list of books beside the same books one by one', measure: importing },
  reads: { says: 'browsing beside an import', measure: reads },
  growth: { says: 'a full shop beside an empty one', slow: true, measure: growth },
};

const HELP = `
npm run bench                    everything, in about an hour
npm run bench -- <section> ...   some of it
npm run bench -- --quick         a short look, in less than two minutes; the docs stay as they are

Measures the shop. Figures are ratios within one run, as machines differ; what is measured, and what the targets are, is
in docs/performance.md, where the results are written to. Exits with 1 when something was lost or has happened twice.

${Object.entries(SECTIONS)
  .map(([name, { says, slow }]) => `  ${name.padEnd(12)} ${says}${slow ? ' (not with --quick)' : ''}`)
  .join('\n')}
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !(name in SECTIONS));
  if (values.help || unknown) {
    process.stdout.write(unknown ? `There is no section "${unknown}".\n${HELP}` : HELP);
    process.exitCode = unknown ? 1 : 0;
    return;
  }
  const { quick } = values;
  const effort: Effort = {
    quick,
    rounds: quick ? 1 : 3,
    seconds: quick ? 1 : 6,
    warmUp: quick ? 0.5 : 3,
    tell: (progress) => void process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${progress}\n`),
  };
  if (loadavg()[0] > cpus().length / 4) effort.tell('something else runs on this machine: the figures will be too low');
  for (const [name, { says, slow, measure }] of Object.entries(SECTIONS)) {
    if (positionals.length ? !positionals.includes(name) : quick && slow) continue;
    effort.tell(`${name}: ${says}`);
    const findings = await measure(effort);
    process.stdout.write(print(says, findings));
    if (findings.complaints.length) process.exitCode = 1;
    else if (!quick) await keep(name, says, findings);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});

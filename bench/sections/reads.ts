import { unexpected, warmedUp } from '../measures';
import { Load } from '../load';
import { bookList, withPrograms } from '../program';
import { Effort, Findings, median } from '../report';
import { importBooks } from './import';

/** People who browse: eight of them, each of whom looks at a page for a while. */
const BROWSE = { send: 'browse', path: '/books?limit=20', connections: 8, pause: 40 } as const;

/** What people who browse notice of an import. */
export async function reads(effort: Effort): Promise<Findings> {
  const quiet: Load[] = [];
  const busy: Load[] = [];
  const complaints: string[] = [];
  const length = effort.quick ? 10_000 : 60_000;
  await withPrograms(['shop'], async ([program]) => {
    let accepted = await warmedUp(program, effort);
    await program.send({ ...BROWSE, seconds: effort.warmUp });
    for (let round = 1; round <= effort.rounds; round++) {
      effort.tell(`round ${round}: browsing alone, then beside an import`);
      quiet.push(await program.send({ ...BROWSE, seconds: effort.seconds }));
      let isRunning = true;
      const importing = importBooks(program, bookList(length)).finally(() => (isRunning = false));
      busy.push(await program.send({ ...BROWSE, seconds: effort.seconds }));
      if (!isRunning) effort.tell('the import was over before the browsing was');
      await importing;
      accepted += length;
      await program.delivered(accepted);
      await program.settle();
    }
    for (const spell of [...quiet, ...busy]) complaints.push(...unexpected(program, spell, '200'));
    complaints.push(...(await program.complaints(accepted)));
  });
  const figures = { 'browsing alone': figuresOf(quiet), 'beside an import': figuresOf(busy) };
  return {
    lines: [
      { what: 'GET /books p99, nothing else runs', value: figures['browsing alone'].p99, unit: 'ms' },
      { what: 'GET /books p99, beside an import', value: figures['beside an import'].p99, unit: 'ms' },
    ],
    figures,
    complaints,
  };
}

const figuresOf = (spells: readonly Load[]) => ({
  p50: median(spells.map(({ p50 }) => p50)),
  p99: median(spells.map(({ p99 }) => p99)),
});

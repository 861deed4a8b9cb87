import { headOf, lagOf, unexpected, warmedUp } from './measures';
import type { Postgres } from './postgres';
import { Program, ProgramName, Spell, withPrograms } from './program';
import { Effort, Findings, median } from './report';

const CONNECTIONS = [1, 16, 64] as const;

type Measured = Pick<Spell, 'acceptedPerSecond' | 'deliveredPerSecond' | 'p50' | 'p99'> & { lag?: number };

interface Options {
  /** A server of PostgreSQL, and those that have their databases there. */
  readonly server?: Postgres;
  readonly onServer?: readonly ProgramName[];
  /** Measures something else, and says what was wrong. */
  readonly afterRound?: (programs: readonly Program[], round: number) => Promise<readonly string[]>;
}

/** Programs that take turns with `POST /books`, until every inventory record is there. */
export async function sideBySide(
  variants: readonly ProgramName[],
  effort: Effort,
  { server, onServer, afterRound }: Options = {},
): Promise<{ figures: Record<string, Record<string, number>>; complaints: Findings['complaints'] }> {
  const spells = new Map<string, Measured[]>();
  const complaints: string[] = [];
  for (let round = 1; round <= effort.rounds; round++) {
    await withPrograms(
      variants,
      async (programs) => {
        const accepted = new Map<Program, number>();
        for (const program of programs) accepted.set(program, await warmedUp(program, effort));
        for (const connections of CONNECTIONS) {
          for (const program of programs) {
            effort.tell(`round ${round}: ${program.name}, ${connections} connections`);
            const spell = await measure(program, connections, effort.seconds);
            accepted.set(program, accepted.get(program)! + spell.accepted);
            const key = keyOf(program.name, connections);
            spells.set(key, [...(spells.get(key) ?? []), spell]);
            complaints.push(...unexpected(program, spell, '201'));
          }
        }
        for (const program of programs) complaints.push(...(await program.complaints(accepted.get(program)!)));
        if (afterRound) complaints.push(...(await afterRound(programs, round)));
      },
      (name) => (onServer?.includes(name) ? server : undefined),
    );
  }
  const figures: Record<string, Record<string, number>> = {};
  for (const [key, measured] of spells) figures[key] = medians(measured);
  return { figures, complaints };
}

/** What the figures of a program are called. */
export const keyOf = (name: string, connections: number): string => `${name}, c = ${connections}`;

async function measure(program: Program, connections: number, seconds: number): Promise<Spell & { lag?: number }> {
  const head = program.hasPlatform ? await headOf(program) : 0;
  const spell = await program.load({ send: 'book', connections, seconds });
  return program.hasPlatform ? { ...spell, lag: await lagOf(program, head, 'inventory.open-stock') } : spell;
}

function medians(measured: readonly Measured[]): Record<string, number> {
  const of = (figure: (one: Measured) => number | undefined) => median(measured.map((one) => figure(one) ?? NaN));
  const figures: Record<string, number> = {
    acceptedPerSecond: of((one) => one.acceptedPerSecond),
    deliveredPerSecond: of((one) => one.deliveredPerSecond),
    p50: of((one) => one.p50),
    p99: of((one) => one.p99),
  };
  const lag = of((one) => one.lag);
  return Number.isNaN(lag) ? figures : { ...figures, lag };
}

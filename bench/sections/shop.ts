import { headOf, lagOf, unexpected, warmedUp } from '../measures';
import { Program, ProgramName, Spell, withPrograms } from '../program';
import { Effort, Findings, median } from '../report';

const VARIANTS = ['hello', 'memory', 'direct', 'naive', 'platform', 'shop'] as const satisfies readonly ProgramName[];
const CONNECTIONS = [1, 16, 64] as const;

type Measured = Pick<Spell, 'acceptedPerSecond' | 'deliveredPerSecond' | 'p50' | 'p99'> & { lag?: number };

/** The shop beside what others would have built: `POST /books` until the inventory record is there, and `POST /orders`. */
export async function shop(effort: Effort): Promise<Findings> {
  const spells = new Map<string, Measured[]>();
  const orders: number[] = [];
  const complaints: string[] = [];
  for (let round = 1; round <= effort.rounds; round++) {
    await withPrograms(VARIANTS, async (programs) => {
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
      effort.tell(`round ${round}: orders`);
      const placed = await placeOrders(
        programs.find(({ name }) => name === 'shop')!,
        effort,
      );
      orders.push(placed.perSecond);
      complaints.push(...placed.complaints);
    });
  }
  const figures: Record<string, Record<string, number>> = {};
  for (const [key, measured] of spells) figures[key] = medians(measured);
  figures['shop, orders, c = 64'] = { acceptedPerSecond: median(orders) };
  const of = (name: ProgramName, connections: (typeof CONNECTIONS)[number]) => figures[keyOf(name, connections)];
  const lines = (['platform', 'shop'] as const).flatMap((name): Findings['lines'][number][] => {
    const per = (other: ProgramName) => of(name, 64).deliveredPerSecond / of(other, 64).deliveredPerSecond;
    return [
      { what: `delivered/s, ${name} : hello, c = 64`, value: per('hello'), target: { atLeast: 0.65 } },
      { what: `delivered/s, ${name} : memory, c = 64`, value: per('memory'), target: { atLeast: 0.95 } },
      { what: `delivered/s, ${name} : direct, c = 64`, value: per('direct') },
      { what: `delivered/s, ${name} : naive, c = 64`, value: per('naive'), target: { atLeast: 20 } },
      {
        what: `delivered/s : accepted/s, ${name}, c = 64`,
        value: of(name, 64).deliveredPerSecond / of(name, 64).acceptedPerSecond,
        target: { atLeast: 0.99 },
      },
      { what: `event lag p99, ${name}, c = 16`, value: of(name, 16).lag, unit: 'ms', target: { atMost: 10 } },
      { what: `event lag p99, ${name}, c = 64`, value: of(name, 64).lag, unit: 'ms', target: { atMost: 25 } },
      {
        what: `latency p50, ${name} : naive, c = 1`,
        value: of(name, 1).p50 / of('naive', 1).p50,
        target: { atMost: 0.5 },
      },
    ];
  });
  return {
    lines: [
      ...lines,
      {
        what: 'orders/s : hello, c = 64',
        value: median(orders) / of('hello', 64).deliveredPerSecond,
        target: { atLeast: 0.5 },
      },
    ],
    figures,
    complaints,
  };
}

async function measure(program: Program, connections: number, seconds: number): Promise<Spell & { lag?: number }> {
  const head = program.hasPlatform ? await headOf(program) : 0;
  const spell = await program.load({ send: 'book', connections, seconds });
  return program.hasPlatform ? { ...spell, lag: await lagOf(program, head, 'inventory.open-stock') } : spell;
}

async function placeOrders(
  program: Program,
  { seconds, warmUp }: Effort,
): Promise<{ perSecond: number; complaints: string[] }> {
  const [{ bookId }] = await program.rows<{ bookId: string }>('SELECT min(id) AS bookId FROM catalog_book');
  const order = { send: 'order', connections: 64, bookId } as const;
  const before = await program.load({ ...order, seconds: warmUp });
  const spell = await program.load({ ...order, seconds });
  const [{ reserved }] = await program.rows<{ reserved: number }>(
    `SELECT reserved FROM inventory_stock WHERE book_id = '${bookId}'`,
  );
  const placed = before.accepted + spell.accepted;
  const complaints = unexpected(program, spell, '201');
  if (reserved !== placed) complaints.push(`shop: ${placed} orders were placed, and ${reserved} copies set aside`);
  return { perSecond: spell.acceptedPerSecond, complaints };
}

const keyOf = (name: string, connections: number): string => `${name}, c = ${connections}`;

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

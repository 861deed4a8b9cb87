import { unexpected } from '../measures';
import { Program, ProgramName } from '../program';
import { Effort, Findings, median } from '../report';
import { keyOf, sideBySide } from '../side-by-side';

const VARIANTS = ['hello', 'memory', 'direct', 'naive', 'platform', 'shop'] as const satisfies readonly ProgramName[];

/** The shop beside what others would have built: `POST /books` until the inventory record is there, and `POST /orders`. */
export async function shop(effort: Effort): Promise<Findings> {
  const orders: number[] = [];
  const { figures, complaints } = await sideBySide(VARIANTS, effort, {
    afterRound: async (programs, round) => {
      effort.tell(`round ${round}: orders`);
      const placed = await placeOrders(
        programs.find(({ name }) => name === 'shop')!,
        effort,
      );
      orders.push(placed.perSecond);
      return placed.complaints;
    },
  });
  figures['shop, orders, c = 64'] = { acceptedPerSecond: median(orders) };
  const of = (name: ProgramName, connections: number) => figures[keyOf(name, connections)];
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

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Load } from '../load';
import { unexpected } from '../measures';
import { Program, Spell } from '../program';
import { Effort, Findings, median } from '../report';

/** Commands after which the memory is looked at first: everything is compiled and every cache is there. */
const FEW = 10_000;
/** Each adds a book, and leaves three events: a million of them in the log. */
const MANY = 334_000;

const READS = ['first page', 'page far behind', 'search for what one book has', 'search for what all have'] as const;

/** What becomes of it all when the shop is full: a third of a million books, a million events. */
export async function growth(effort: Effort): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), 'bookshelf-bench-'));
  const [full, empty] = [join(folder, 'full'), join(folder, 'empty')];
  for (const one of [full, empty]) mkdirSync(one);
  try {
    const filled = await fill(full, effort);
    const throughput = await compareThroughput(full, effort);
    const reads = await readFrom(full, effort);
    const ready = await compareStart(full, empty, effort);
    return {
      lines: [
        { what: `memory, ${MANY} commands : ${FEW}`, value: filled.after / filled.before, target: { atMost: 1.1 } },
        {
          what: 'delivered/s, full : empty',
          value: throughput.full.deliveredPerSecond / throughput.empty.deliveredPerSecond,
          target: { atLeast: 0.95 },
        },
        { what: 'start until open, full : empty', value: ready.full / ready.empty, target: { atMost: 1.2 } },
        ...READS.map((name) => ({
          what: `GET /books, ${name}: p99`,
          value: reads[name].p99,
          unit: 'ms' as const,
          target: { atMost: 20 },
        })),
      ],
      figures: {
        [`after ${FEW} commands`]: { memory: filled.before },
        [`after ${MANY} commands`]: { memory: filled.after, deliveredPerSecond: filled.perSecond },
        empty: { ...figuresOf(throughput.empty), ready: ready.empty },
        full: { ...figuresOf(throughput.full), ready: ready.full },
        ...Object.fromEntries(READS.map((name) => [name, { p50: reads[name].p50, p99: reads[name].p99 }])),
      },
      complaints: [...filled.complaints, ...throughput.complaints],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(folder: string, { tell }: Effort) {
  const program = await Program.start('shop', folder);
  try {
    await program.load({ send: 'book', connections: 64, requests: FEW });
    const before = program.memory;
    const seen = [];
    const spells: Spell[] = [];
    const step = (MANY - FEW) / 12;
    for (let done = FEW; done < MANY; done += step) {
      tell(`${done} commands, ${Math.round(program.memory)} MB`);
      spells.push(await program.load({ send: 'book', connections: 64, requests: step }));
      seen.push(program.memory);
    }
    return {
      before,
      after: median(seen.slice(-3)),
      perSecond: median(spells.map(({ deliveredPerSecond }) => deliveredPerSecond)),
      complaints: [
        ...spells.flatMap((spell) => unexpected(program, spell, '201')),
        ...(await program.complaints(MANY)),
      ],
    };
  } finally {
    await program.stop();
  }
}

async function compareThroughput(folder: string, { rounds, seconds, warmUp, tell }: Effort) {
  const programs = [await Program.start('shop', folder), await Program.start('shop')];
  const spells: Spell[][] = [[], []];
  const complaints: string[] = [];
  try {
    for (const program of programs) await program.warmUp(warmUp);
    for (let round = 1; round <= rounds; round++) {
      tell(`round ${round}: full, then empty`);
      for (const [at, program] of programs.entries()) {
        const spell = await program.load({ send: 'book', connections: 64, seconds });
        spells[at].push(spell);
        complaints.push(...unexpected(program, spell, '201'));
      }
    }
  } finally {
    for (const program of programs) await program.stop();
  }
  const [full, empty] = spells.map((measured) => ({
    deliveredPerSecond: median(measured.map(({ deliveredPerSecond }) => deliveredPerSecond)),
    p50: median(measured.map(({ p50 }) => p50)),
    p99: median(measured.map(({ p99 }) => p99)),
  }));
  return { full, empty, complaints };
}

async function readFrom(folder: string, { seconds, warmUp, tell }: Effort): Promise<Record<string, Load>> {
  const program = await Program.start('shop', folder);
  try {
    const paths = {
      'first page': '/books?limit=20',
      'page far behind': `/books?limit=20&cursor=${await cursorFarBehind(program)}`,
      'search for what one book has': '/books?limit=20&search=Great%20250000',
      'search for what all have': '/books?limit=20&search=Fitzgerald',
    } satisfies Record<(typeof READS)[number], string>;
    const loads: Record<string, Load> = {};
    for (const [name, path] of Object.entries(paths)) {
      tell(`reading: ${name}`);
      const job = { send: 'browse', path, connections: 4, pause: 20 } as const;
      await program.send({ ...job, seconds: warmUp });
      loads[name] = await program.send({ ...job, seconds });
    }
    return loads;
  } finally {
    await program.stop();
  }
}

/** Walks through the list for a while, a hundred books at a time. */
async function cursorFarBehind(program: Program): Promise<string> {
  let cursor = '';
  for (let page = 0; page < 300; page++) {
    const answer = await fetch(`${program.url}/books?limit=100${cursor && `&cursor=${cursor}`}`);
    cursor = encodeURIComponent(((await answer.json()) as { next: string }).next);
  }
  return cursor;
}

async function compareStart(full: string, empty: string, { tell }: Effort): Promise<{ full: number; empty: number }> {
  const times: Record<string, number[]> = { full: [], empty: [] };
  await (await Program.start('shop', empty)).stop();
  for (let round = 1; round <= 5; round++) {
    tell(`start ${round}: full, then empty`);
    for (const [name, folder] of Object.entries({ full, empty })) {
      const program = await Program.start('shop', folder);
      times[name].push(program.openedAfter);
      await program.stop();
    }
  }
  return { full: median(times.full), empty: median(times.empty) };
}

const figuresOf = ({ deliveredPerSecond, p50, p99 }: { deliveredPerSecond: number; p50: number; p99: number }) => ({
  deliveredPerSecond,
  p50,
  p99,
});

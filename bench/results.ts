import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { Findings, isMet, Line, short } from './report';

const DOCS = join(__dirname, '..', 'docs');
const RESULTS = join(DOCS, 'bench', 'latest.json');
const PICTURE = join(DOCS, 'bench', 'latest.svg');
const PAGE = join(DOCS, 'performance.md');
const MARKER = '<!-- What follows is written by `npm run bench`. -->';

const PACKAGES = ['@nestjs/core', '@nestjs/cqrs', '@nestjs/platform-fastify', 'sqlite3', 'typeorm'];

/** One section as it was measured last. */
interface Kept extends Omit<Findings, 'complaints'> {
  readonly says: string;
  readonly measuredAt: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** @returns the lines and figures of a section as they are shown on a terminal */
export function print(says: string, { lines, figures, complaints, versions: others = {} }: Findings): string {
  const shown = lines.map((line) => {
    const mark = { true: '✓', false: '✗', undefined: ' ' }[String(isMet(line))];
    return `  ${mark} ${line.what.padEnd(56)} ${valueOf(line).padStart(10)}   ${targetOf(line)}`;
  });
  const behind = Object.entries(figures).map(
    ([name, values]) =>
      `    ${name.padEnd(34)} ${Object.entries(values)
        .map(([what, value]) => `${what} ${short(value)}`)
        .join(', ')}`,
  );
  const wrong = complaints.map((complaint) => `  WRONG: ${complaint}`);
  const used = Object.keys(others).length ? ['', `    ${listed(others)}`] : [];
  return `\n${says}\n\n${[...shown, '', ...behind, ...used, ...wrong].join('\n')}\n\n`;
}

/** Keeps what a section has found, and writes the page and the picture anew. */
export async function keep(name: string, says: string, { lines, figures, versions: others }: Findings): Promise<void> {
  const kept = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, Kept>) : {};
  kept[name] = {
    says,
    measuredAt: new Date().toISOString(),
    versions: { ...(await versions()), ...others },
    lines,
    figures,
  };
  mkdirSync(join(DOCS, 'bench'), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(kept, undefined, 2)}\n`);
  if (kept.shop) writeFileSync(PICTURE, picture(kept.shop));
  const [text] = readFileSync(PAGE, 'utf8').split(MARKER);
  writeFileSync(PAGE, `${text}${MARKER}\n\n${Object.values(kept).map(sectionOf).join('\n')}`);
}

/** One section of the page. */
function sectionOf({ says, measuredAt, versions: used, lines, figures }: Kept): string {
  const rows = lines.map((line) => `| ${line.what} | ${valueOf(line)} | ${targetOf(line)} | ${verdict(line)} |`);
  const columns = [...new Set(Object.values(figures).flatMap((values) => Object.keys(values)))];
  const cells = (values: Readonly<Record<string, number>>) =>
    columns.map((column) => (column in values ? short(values[column]) : '')).join(' | ');
  return `### ${says[0].toUpperCase()}${says.slice(1)}

| | measured | target | |
|---|---|---|---|
${rows.join('\n')}

The figures behind it, on the machine of that run:

| | ${columns.map(inWords).join(' | ')} |
|---|${columns.map(() => '---|').join('')}
${Object.entries(figures)
  .map(([name, values]) => `| ${name} | ${cells(values)} |`)
  .join('\n')}

${measuredAt.slice(0, 10)}; ${listed(used)}.
`;
}

const listed = (versions: Readonly<Record<string, string>>): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');

/** The books that each variant has delivered at 64 connections, as bars. */
function picture({ figures }: Kept): string {
  const bars = Object.entries(figures)
    .filter(([name, values]) => name.endsWith(', c = 64') && 'deliveredPerSecond' in values)
    .map(([name, { deliveredPerSecond }]) => ({ name: name.split(',')[0], value: deliveredPerSecond }));
  const most = Math.max(...bars.map(({ value }) => value));
  const drawn = bars.map(({ name, value }, at) => {
    const y = 40 + at * 30;
    const width = Math.max(1, Math.round((value / most) * 400));
    return `  <text x="80" y="${y + 15}" text-anchor="end">${name}</text>
  <rect x="90" y="${y}" width="${width}" height="20" fill="${name === 'shop' ? '#2f6f4f' : '#b8b8b8'}"/>
  <text x="${96 + width}" y="${y + 15}">${Math.round(value)}</text>`;
  });
  const height = 50 + bars.length * 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 ${height}" font-family="sans-serif" font-size="13">
  <rect width="560" height="${height}" fill="white"/>
  <text x="10" y="22">Books delivered per second, 64 connections</text>
${drawn.join('\n')}
</svg>
`;
}

const valueOf = ({ value, unit }: Line): string => (unit ? `${short(value)} ${unit}` : short(value));

function targetOf({ target, unit }: Line): string {
  if (target?.atLeast !== undefined) return `≥ ${target.atLeast} ${unit ?? ''}`.trim();
  if (target?.atMost !== undefined) return `≤ ${target.atMost} ${unit ?? ''}`.trim();
  return '';
}

const verdict = (line: Line): string => ({ true: 'met', false: 'missed', undefined: '' })[String(isMet(line))] ?? '';

/** `deliveredPerSecond` as `delivered/s`. */
const inWords = (name: string): string =>
  name
    .replace('PerSecond', '/s')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^(p50|p99|lag|ready)$/, '$1, ms');

async function versions(): Promise<Record<string, string>> {
  const found: Record<string, string> = { node: process.versions.node, SQLite: await sqliteVersion() };
  for (const name of PACKAGES) {
    const file = join(__dirname, '..', 'node_modules', name, 'package.json');
    found[name] = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return { ...found, processors: `${cpus().length} × ${cpus()[0].model.trim()}` };
}

function sqliteVersion(): Promise<string> {
  const database = new sqlite3.Database(':memory:');
  return new Promise((resolve, reject) => {
    database.get<{ version: string }>('SELECT sqlite_version() AS version', (error, row) => {
      database.close();
      if (error) reject(error);
      else resolve(row.version);
    });
  });
}

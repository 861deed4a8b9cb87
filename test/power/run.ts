import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Break, BREAKS } from './breaks';

const ROOT = join(__dirname, '..', '..');
const TABLE = join(ROOT, 'docs', 'proof.md');
const COPIED = ['src', 'test', 'package.json', 'jest.config.js', 'tsconfig.json', 'tsconfig.build.json', '.ci'];

/** Some breaks keep the tests from ending. In milliseconds; they take half a minute otherwise. */
const PATIENCE = 150_000;

interface Outcome {
  readonly name: string;
  /** The first sentences that were no longer true; none when nobody has noticed. */
  readonly noticed: readonly string[];
}

/**
 * Breaks a copy of the project in every way that `breaks.ts` knows, one after another, and shows that the tests notice.
 * `npm run test:power -- <part of a name>` tries some of them only, and writes their rows of the table in the docs.
 */
function main(): void {
  const [part] = process.argv.slice(2);
  const chosen = BREAKS.filter(({ name }) => !part || name.includes(part));
  const folder = mkdtempSync(join(tmpdir(), 'bookshelf-power-'));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const outcomes = chosen.map((one) => attempt(folder, one));
    const unnoticed = outcomes.filter(({ noticed }) => noticed.length === 0);
    if (unnoticed.length === 0) writeFileSync(TABLE, page(outcomes));
    process.stdout.write(`\n${outcomes.length - unnoticed.length} of ${outcomes.length} were noticed.\n`);
    process.exitCode = unnoticed.length ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function attempt(folder: string, { name, file, edits, caughtBy }: Break): Outcome {
  const path = join(folder, file);
  const sound = readFileSync(path, 'utf8');
  writeFileSync(path, broken(sound, edits));
  const failures = join(folder, 'failures');
  writeFileSync(failures, '');
  const reporter = join(folder, '.ci', 'failures.cjs');
  const { stderr, signal } = spawnSync('npx', ['jest', ...caughtBy, '--silent', `--reporters=${reporter}`], {
    cwd: folder,
    env: { ...process.env, FAILURES: failures },
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  });
  writeFileSync(path, sound);
  const noticed = readFileSync(failures, 'utf8').split('\n').filter(Boolean);
  if (signal) noticed.push('(the tests do not come to their end)');
  process.stdout.write(`${noticed.length ? '✓' : '✗'} ${name}\n`);
  for (const sentence of noticed.slice(0, 3)) process.stdout.write(`    ${sentence}\n`);
  if (!noticed.length) process.stdout.write(stderr.toString().slice(-2_000));
  return { name, noticed };
}

/** @throws Error when the project has changed, and the break would break nothing */
export function broken(text: string, edits: Break['edits']): string {
  return edits.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`there is nothing like this to break any more: ${from}`);
    return before.replace(from, () => to);
  }, text);
}

/** What was tried now as it came out, and the others as they stand in the table. */
function page(outcomes: readonly Outcome[]): string {
  const before = existsSync(TABLE) ? readFileSync(TABLE, 'utf8').split('\n') : [];
  const rows = BREAKS.flatMap(({ name }) => {
    const tried = outcomes.find((outcome) => outcome.name === name);
    return tried ? [rowOf(tried)] : before.filter((line) => line.startsWith(`| ${name} |`));
  });
  return `# The proof has power

A test that cannot fail proves nothing. \`npm run test:power\` breaks a copy of the shop in these ways, one after another, and
runs the tests that have to notice; this page is what it has written.

| When | these are the first sentences that are no longer true |
|---|---|
${rows.join('\n')}
`;
}

const rowOf = ({ name, noticed }: Outcome): string =>
  `| ${name} | ${noticed.slice(0, 2).join('<br>')}${more(noticed.length - 2)} |`;

const more = (count: number): string => (count > 0 ? `<br>and ${count} more` : '');

if (require.main === module) main();

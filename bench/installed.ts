import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Exact, so that two runs measure the same, and such that they run on the oldest Node that the shop runs on. */
export const PACKAGES: Readonly<Record<string, string>> = {
  'graphile-worker': '0.16.6',
  'pg-boss': '10.4.2',
  'pg-transactional-outbox': '0.5.7',
  '@fullstackhouse/nestjs-outbox': '4.1.2',
  '@fullstackhouse/nestjs-outbox-typeorm-driver': '4.1.2',
  pg: '8.23.1',
};

/** Inside the project, where `nestjs-outbox` finds the project's Nest. Compiled programs lie elsewhere: they are told it. */
export const PACKAGES_FOLDER = process.env.BENCH_PACKAGES ?? join(__dirname, '..', '.peers');

/** Without the packages' peers, as `nestjs-outbox` would have a Nest of its own: one Nest does not know what the other injects. */
const OPTIONS = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', '--loglevel=error'];

/** Written last: with it, everything is there. */
const INSTALLED = join(PACKAGES_FOLDER, 'installed.json');

/** Installs the packages of the peers apart from those of the project, unless they are there from the time before. */
export function install(tell: (progress: string) => void): void {
  const wanted = `${JSON.stringify(PACKAGES, undefined, 2)}\n`;
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return;
  tell('the peers are installed in .peers, once');
  rmSync(PACKAGES_FOLDER, { recursive: true, force: true });
  mkdirSync(PACKAGES_FOLDER);
  const packages = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  try {
    execFileSync('npm', ['install', '--prefix', PACKAGES_FOLDER, ...OPTIONS, ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    throw new Error('npm could not install the peers');
  }
  writeFileSync(INSTALLED, wanted);
}

/** @returns one of these packages. There are no types of it here: whoever asks says what it uses. */
export const installed = (name: string): unknown => createRequire(join(PACKAGES_FOLDER, 'package.json'))(name);

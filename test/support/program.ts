import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { compiled } from './compiled';
import { databaseIn } from './database';

/** What a program has said, line by line, and what it has exited with. */
export interface Run {
  readonly code: number | null;
  readonly said: string[];
  readonly complaints: string[];
}

/** Runs a program of `src` to its end, with the database in this folder: `main`, `cli/doctor`, `cli/import`. */
export async function run(
  program: string,
  folder: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const child = spawn(process.execPath, [join(compiled(), 'src', `${program}.js`), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, DATABASE_URL: databaseIn(folder), DATA_DIR: folder, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, said: lines(said), complaints: lines(complaints) };
}

const lines = (output: string): string[] => output.split('\n').filter((line) => line.trim() !== '');

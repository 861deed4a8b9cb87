import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'bookshelf');
const FOLDERS = ['src', join('test', 'support')];

let made: string | undefined;

/**
 * The program and what the tests add to it as JavaScript, for processes of their own: made once for as long as no source
 * changes. Types are what the compiler's own run is for.
 *
 * @returns the folder in which `src` and `test/support` lie
 */
export function compiled(): string {
  made ??= compile(FOLDERS);
  return made;
}

/** As `compiled`, for these folders of the project. */
export function compile(folders: readonly string[]): string {
  const sources = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .map((name) => join(folder, name)),
  );
  const stamps = sources.map((file) => `${file} ${statSync(join(ROOT, file)).mtimeMs}`).join('\n');
  const folder = join(CACHE, createHash('sha256').update(stamps).digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(join(CACHE, 'unfinished-'));
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.convertCompilerOptionsFromJson((config as { compilerOptions: object }).compilerOptions, ROOT);
  for (const file of sources) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, file), 'utf8'), {
      compilerOptions: { ...options, sourceMap: false, inlineSourceMap: true },
      fileName: join(ROOT, file),
    });
    const target = join(unfinished, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  try {
    renameSync(unfinished, folder);
  } catch {
    // Another test file, which runs beside this one, was faster.
    rmSync(unfinished, { recursive: true });
  }
  return folder;
}

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of the program, from the package.json above this file, wherever it was compiled to. */
export const BUILD = version(__dirname);

function version(directory: string): string {
  try {
    return (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    const parent = dirname(directory);
    return parent === directory ? 'unknown' : version(parent);
  }
}

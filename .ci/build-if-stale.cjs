/** Builds when `dist` is missing or older than what it is made from, so that programs never run yesterday's code. */
const { execSync } = require('node:child_process');
const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');

process.chdir(join(__dirname, '..'));

const changedAt = (path) => statSync(path).mtimeMs;
// With the folders, which change when a file in them is removed.
const sources = ['src', ...readdirSync('src', { recursive: true }).map((name) => join('src', name))];
const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
const newest = Math.max(...[...sources, ...settings].map(changedAt));

if (!existsSync('dist/main.js') || changedAt('dist/main.js') < newest) {
  process.stderr.write('building, as the sources have changed ...\n');
  try {
    execSync('nest build', { stdio: 'inherit' });
  } catch {
    // The compiler has said why.
    process.exitCode = 1;
  }
}

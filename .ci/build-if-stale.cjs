/** Builds when `dist` is missing or older than what it is made from, so that programs never run yesterday's code. */
const { execSync } = require('node:child_process');
const { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

process.chdir(join(__dirname, '..'));

/** Whose turn it is: a build takes the one before away, under the feet of another that is at it. */
const LOCK = join('node_modules', '.building');

const changedAt = (path) => statSync(path).mtimeMs;

function isStale() {
  if (!existsSync('dist/main.js')) return true;
  // With the folders, which change when a file in them is removed.
  const sources = ['src', ...readdirSync('src', { recursive: true }).map((name) => join('src', name))];
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
  return changedAt('dist/main.js') < Math.max(...[...sources, ...settings].map(changedAt));
}

function mayBuild() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** Whoever builds may have been killed, and says so no more. */
function isGone() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Waits for another program that builds as well: what it has built is what this one needs. */
function takeTurn() {
  for (let waits = 0; !mayBuild(); waits++) {
    if (waits === 0) process.stderr.write('waiting for another build ...\n');
    if (isGone()) rmSync(LOCK, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

if (existsSync(LOCK) || isStale()) {
  takeTurn();
  try {
    if (isStale()) {
      process.stderr.write('building, as the sources have changed ...\n');
      execSync('nest build', { stdio: 'inherit' });
    }
  } catch {
    // The compiler has said why.
    process.exitCode = 1;
  } finally {
    rmSync(LOCK, { force: true });
  }
}

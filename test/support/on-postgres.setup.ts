import { startPostgres } from './postgres-server';

/** Before the tests on PostgreSQL: a server, or that at TEST_POSTGRES_URL. */
export default async function setup(): Promise<void> {
  if (process.env.TEST_POSTGRES_URL) return;
  try {
    const server = await startPostgres();
    process.env.TEST_POSTGRES_URL = server.url;
    (globalThis as { stopPostgres?: () => Promise<void> }).stopPostgres = server.stop;
  } catch (error) {
    process.stderr.write(`The tests on PostgreSQL are left out: ${(error as Error).message}\n`);
  }
}

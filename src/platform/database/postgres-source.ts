import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import type { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner';
import type { Statements } from './connection';
import { PostgresOptions, withoutPassword } from './database.options';
import { migrate, patiently } from './migrate';
import { ConfigurationError } from '../environment';
import { PostgresReader, PostgresWriter, wrap } from './postgres-connection';
import { replaceRunner } from './writer-guard';

/** What a transaction that is committed outlives a power cut with. */
const SETTINGS = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on', server_encoding: 'UTF8' };

/**
 * Opens the connection that writes, brings the schema up to date, and makes sure that the server is set as every
 * guarantee needs it. Everything that TypeORM does goes through that connection.
 *
 * @throws Error naming the setting when the server is set otherwise
 */
export async function openPostgresWriter(
  options: PostgresOptions,
): Promise<{ source: DataSource; connection: PostgresWriter }> {
  const source = await initialized(options);
  const connection = new PostgresWriter(poolOf(source));
  try {
    // The writer's own session is set as it must be, whatever anybody else's are.
    await assertPostgresSettings(new PostgresReader(poolOf(source)));
    const runner = source.createQueryRunner() as unknown as PostgresQueryRunner;
    runner.connect = () => connection.connected();
    runner.release = async () => undefined;
    replaceRunner(source, runner);
    await migrate(source, connection);
  } catch (error) {
    await connection.release();
    await source.destroy();
    throw error;
  }
  return { source, connection };
}

/** Opens the connections that read. They see what is committed and nothing else, and never wait for the writer. */
export async function openPostgresReader(
  options: PostgresOptions,
): Promise<{ source: DataSource; connection: PostgresReader }> {
  const source = await initialized(options);
  return { source, connection: new PostgresReader(poolOf(source)) };
}

/** @throws Error naming the first setting that is not as the guarantees need it */
export async function assertPostgresSettings(connection: Pick<Statements, 'all'>): Promise<void> {
  for (const [name, is] of Object.entries(SETTINGS)) {
    const [{ value }] = await connection.all<{ value: string }>('SELECT current_setting($1) AS value', [name]);
    if (value !== is) throw new Error(`PostgreSQL's ${name} must be ${is}, but it is ${value}`);
  }
}

/** A server that is starting says so, and is waited for. */
async function initialized(options: PostgresOptions): Promise<DataSource> {
  try {
    return await patiently(() =>
      new DataSource(options).initialize().catch((error: unknown) => {
        throw wrap(error, 'connect');
      }),
    );
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigurationError(`the database at ${withoutPassword(options.url!)} cannot be opened: ${message}`);
  }
}

const poolOf = (source: DataSource) => (source.driver as PostgresDriver).master as Pool;

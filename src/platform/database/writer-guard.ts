import { DataSource, QueryRunner } from 'typeorm';

/** Tells TypeORM that a transaction is open which it did not begin: its own ones become savepoints of it. */
export function insideTransaction(runner: QueryRunner, inside: boolean): void {
  const state = runner as unknown as { isTransactionActive: boolean; transactionDepth: number };
  state.isTransactionActive = inside;
  state.transactionDepth = inside ? 1 : 0;
}

/** What the writing connection asks before each statement that comes through TypeORM. */
export interface WriterGuard {
  /**
   * Sends a statement `inside` the caller's unit of work, behind everything that is pending there, or `outside` when
   * there is none.
   */
  send<T>(sql: string, inside: () => Promise<T>, outside: () => Promise<T>): Promise<T>;
}

/** A statement that writes was sent outside any unit of work. */
export class OutsideUnitOfWork extends Error {
  constructor(what: string) {
    super(
      `${what} outside a unit of work: do it in a command handler or a reaction, which is one transaction as it is`,
    );
    this.name = 'OutsideUnitOfWork';
  }
}

const READS = /^\s*(SELECT|EXPLAIN|WITH(?![^]*\b(INSERT|UPDATE|DELETE|REPLACE)\b))\b/i;

/** Whether a statement may change something. */
export const writes = (sql: string): boolean => !READS.test(sql);

/** What the author of a statement calls it: they have written no SQL of a transaction that TypeORM begins. */
const inWords = (sql: string): string =>
  /^\s*(SAVEPOINT typeorm_|BEGIN\b|START TRANSACTION\b)/i.test(sql)
    ? 'dataSource.transaction() (or queryRunner.startTransaction()) was called'
    : `"${sql.slice(0, 60)}" was sent`;

/** Begins or ends a whole transaction. Savepoints, which TypeORM uses inside one, are not meant. */
const ENDS = /^\s*(BEGIN|START|COMMIT|END|ABORT|ROLLBACK(?!\s+(TRANSACTION\s+)?TO\b))\b/i;

/**
 * All that TypeORM does here goes through one query runner, so a plain `repository.insert()` would join whichever
 * transaction happens to be open. Behind this guard, TypeORM's own repositories are safe: inside a unit of work they
 * take part in it; outside, reads go to the reading connection and writes throw.
 */
export function guardWriter(writer: DataSource, reader: DataSource, guard: WriterGuard): void {
  const runner = writer.createQueryRunner() as Runner;
  const query = runner.query.bind(runner);
  runner.query = (sql, parameters, isStructured) =>
    guard.send<unknown>(
      sql,
      async () => {
        if (ENDS.test(sql)) throw new Error(`${sql} is the business of the unit of work`);
        return query(sql, parameters, isStructured);
      },
      async () => {
        if (writes(sql)) throw new OutsideUnitOfWork(inWords(sql));
        const reading = reader.createQueryRunner() as Runner;
        return reading.query(sql, parameters, isStructured).finally(() => reading.release());
      },
    );
  replaceRunner(writer, runner);
}

interface Runner extends Omit<QueryRunner, 'query'> {
  query(sql: string, parameters?: unknown[], isStructured?: boolean): Promise<unknown>;
}

/** From now on this runner does everything that TypeORM does with the data source. */
export function replaceRunner(source: DataSource, runner: Runner | QueryRunner): void {
  // The driver of SQLite keeps the one that it has made.
  (source.driver as unknown as { queryRunner?: unknown }).queryRunner = runner;
  // The manager that `dataSource.manager` and injected repositories use asks the driver anew for each statement.
  source.driver.createQueryRunner = () => runner as QueryRunner;
}

import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Statements } from '../database/connection';
import { assertPostgresSettings } from '../database/postgres-source';
import { ReadDatabase } from '../database/read-database';
import { Invariant, Invariants } from './invariant';

/** Where a sentence is not true. */
export interface Finding {
  readonly sentence: string;
  /** The first places; there may be more. */
  readonly violations: readonly string[];
}

const SHOWN = 20;

/** What is asked of the database itself. PostgreSQL has nothing as thorough that any user may ask. */
const ITSELF = { sqlite: 'the database file is sound', postgres: 'the database keeps what it has confirmed' };

/** Asks a database whether everything is as it should be. Reads only, and may be asked while the shop is open. */
@Injectable()
export class Doctor {
  constructor(
    private readonly providers: DiscoveryService,
    private readonly database: ReadDatabase,
  ) {}

  /** Every invariant that a module of the program has declared. */
  private get invariants(): Invariant[] {
    return this.providers
      .getProviders()
      .flatMap(({ instance }) => (instance instanceof Invariants ? (instance.list as Invariant[]) : []));
  }

  /** Everything that is asked, in its order. */
  get sentences(): string[] {
    return [ITSELF[this.database.dialect.name], ...this.invariants.map(({ sentence }) => sentence)];
  }

  /** Looks only for what is quickly seen, however much is stored. @returns what is wrong; nothing when all is well */
  async glance(): Promise<Finding[]> {
    return this.look(this.invariants.filter(({ isCheap }) => isCheap));
  }

  /** @returns what is wrong; nothing when all is well */
  async examine(): Promise<Finding[]> {
    const { name } = this.database.dialect;
    // A connection of SQLite's that has searched before takes what others have stored since for damage to the index of
    // words; and what is looked at in a large shop takes longer than anybody waits for a page.
    return this.database.apart(async (fresh) => {
      const broken = name === 'sqlite' ? await damageOf(fresh) : await settingsOf(fresh);
      const findings = broken.length ? [{ sentence: ITSELF[name], violations: broken }] : [];
      return [...findings, ...(await this.look(this.invariants, fresh))];
    });
  }

  private async look(
    invariants: readonly Invariant[],
    connection: Pick<Statements, 'all'> = this.database,
  ): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const { sentence, sql } of invariants) {
      const rows = await connection.all<{ violation: string }>(
        `SELECT violation FROM (${sql}) AS found LIMIT ${SHOWN}`,
      );
      if (rows.length) findings.push({ sentence, violations: rows.map(({ violation }) => violation) });
    }
    return findings;
  }
}

async function damageOf(connection: Statements): Promise<string[]> {
  const found = await connection.all<{ integrity_check: string }>(`PRAGMA integrity_check(${SHOWN})`);
  return found.map(({ integrity_check: what }) => what).filter((what) => what !== 'ok');
}

const settingsOf = (connection: Statements): Promise<string[]> =>
  assertPostgresSettings(connection).then(
    () => [],
    (error: Error) => [error.message],
  );

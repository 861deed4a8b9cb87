import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ReadDatabase } from '../database/read-database';
import { Invariant, Invariants } from './invariant';

/** Where a sentence is not true. */
export interface Finding {
  readonly sentence: string;
  /** The first places; there may be more. */
  readonly violations: readonly string[];
}

const SHOWN = 20;

const FILE_IS_SOUND = 'the database file is sound';

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
    return [FILE_IS_SOUND, ...this.invariants.map(({ sentence }) => sentence)];
  }

  /** Looks only for what is quickly seen, however much is stored. @returns what is wrong; nothing when all is well */
  async glance(): Promise<Finding[]> {
    return this.look(this.invariants.filter(({ isCheap }) => isCheap));
  }

  /** @returns what is wrong; nothing when all is well */
  async examine(): Promise<Finding[]> {
    // A connection that has searched before takes what others have stored since for damage to the index of words.
    const damage = await this.database.apart((fresh) =>
      fresh.all<{ integrity_check: string }>(`PRAGMA integrity_check(${SHOWN})`),
    );
    const broken = damage.map(({ integrity_check: found }) => found).filter((found) => found !== 'ok');
    const findings = broken.length ? [{ sentence: FILE_IS_SOUND, violations: broken }] : [];
    return [...findings, ...(await this.look(this.invariants))];
  }

  private async look(invariants: readonly Invariant[]): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const { sentence, sql } of invariants) {
      const rows = await this.database.all<{ violation: string }>(`SELECT * FROM (${sql}) LIMIT ${SHOWN}`);
      if (rows.length) findings.push({ sentence, violations: rows.map(({ violation }) => violation) });
    }
    return findings;
  }
}

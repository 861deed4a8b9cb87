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

/** Asks a database whether everything is as it should be. Reads only, and may be asked while the shop is open. */
@Injectable()
export class Doctor {
  constructor(
    private readonly providers: DiscoveryService,
    private readonly database: ReadDatabase,
  ) {}

  /** Every invariant that a module of the program has declared. */
  get invariants(): Invariant[] {
    return this.providers
      .getProviders()
      .flatMap(({ instance }) => (instance instanceof Invariants ? (instance.list as Invariant[]) : []));
  }

  /** @returns what is wrong; nothing when all is well. @param onSentence told before each invariant is looked at */
  async examine(onSentence: (sentence: string) => void = () => undefined): Promise<Finding[]> {
    const findings: Finding[] = [];
    const damage = await this.database.all<{ integrity_check: string }>('PRAGMA integrity_check(20)');
    const broken = damage.map(({ integrity_check: found }) => found).filter((found) => found !== 'ok');
    if (broken.length) findings.push({ sentence: 'the database file is sound', violations: broken });
    for (const { sentence, sql } of this.invariants) {
      onSentence(sentence);
      const rows = await this.database.all<{ violation: string }>(`SELECT * FROM (${sql}) LIMIT ${SHOWN}`);
      if (rows.length) findings.push({ sentence, violations: rows.map(({ violation }) => violation) });
    }
    return findings;
  }
}

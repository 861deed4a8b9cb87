import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../migrate';

export class NameOldCauses1700000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // No database of PostgreSQL's is so old.
    if (dialectOf(runner).name === 'postgres') return;
    // What died before causes were stored died of the first line of its error.
    await runner.query(
      `UPDATE reaction_deferred
          SET cause = coalesce(nullif(trim(substr(error, 1, min(200, instr(error || char(10), char(10)) - 1))), ''), 'unknown')
        WHERE state IN ('dead', 'skipped') AND cause IS NULL`,
    );
  }

  async down(): Promise<void> {
    // Nobody can tell which ones had none.
  }
}

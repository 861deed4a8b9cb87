import { MigrationInterface, QueryRunner } from 'typeorm';

export class GroupDeadLetters1700000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE reaction_deferred ADD COLUMN cause text');
    await runner.query('ALTER TABLE reaction_deferred ADD COLUMN skipped_by text');
    // Everything that a group says, but for its example.
    await runner.query(
      `CREATE INDEX reaction_deferred_cause ON reaction_deferred (reaction, cause, position, deferred_at) WHERE state = 'dead'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX reaction_deferred_cause');
    await runner.query('ALTER TABLE reaction_deferred DROP COLUMN skipped_by');
    await runner.query('ALTER TABLE reaction_deferred DROP COLUMN cause');
  }
}

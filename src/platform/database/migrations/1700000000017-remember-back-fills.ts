import { MigrationInterface, QueryRunner } from 'typeorm';

export class RememberBackFills1700000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE reaction ADD COLUMN forgotten text');
    await runner.query('ALTER TABLE reaction ADD COLUMN backfill text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE reaction DROP COLUMN backfill');
    await runner.query('ALTER TABLE reaction DROP COLUMN forgotten');
  }
}

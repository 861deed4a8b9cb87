import { MigrationInterface, QueryRunner } from 'typeorm';

export class RememberTypesAndTables1700000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE reaction ADD COLUMN types text');
    await runner.query('ALTER TABLE reaction ADD COLUMN tables text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE reaction DROP COLUMN tables');
    await runner.query('ALTER TABLE reaction DROP COLUMN types');
  }
}

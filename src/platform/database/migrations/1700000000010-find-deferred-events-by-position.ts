import { MigrationInterface, QueryRunner } from 'typeorm';

export class FindDeferredEventsByPosition1700000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX reaction_deferred_position ON reaction_deferred (position)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX reaction_deferred_position');
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';

/** Letters of before have none, and go out in plain text. */
export class WriteLettersInHtml1700000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE notifications_notification ADD COLUMN html text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE notifications_notification DROP COLUMN html');
  }
}

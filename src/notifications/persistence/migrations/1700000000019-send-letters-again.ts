import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class SendLettersAgain1700000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`ALTER TABLE notifications_notification ADD COLUMN copy ${integer} NOT NULL DEFAULT 1`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE notifications_notification DROP COLUMN copy');
  }
}

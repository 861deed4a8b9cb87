import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateLoyalty1700000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE loyalty_account (
      email text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      points ${integer} NOT NULL
    )`);
    await runner.query(`CREATE TABLE loyalty_entry (
      order_id text NOT NULL,
      kind text NOT NULL,
      id text NOT NULL,
      email text NOT NULL,
      points ${integer} NOT NULL,
      made_at text NOT NULL,
      PRIMARY KEY (order_id, kind)
    )`);
    await runner.query('CREATE INDEX loyalty_entry_account ON loyalty_entry (email, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE loyalty_entry');
    await runner.query('DROP TABLE loyalty_account');
  }
}

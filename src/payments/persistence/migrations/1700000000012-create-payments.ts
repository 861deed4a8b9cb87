import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreatePayments1700000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE payments_payment (
      order_id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      due ${integer},
      currency text,
      paid ${integer} NOT NULL,
      refunding ${integer} NOT NULL,
      refunded ${integer} NOT NULL,
      is_called_off boolean NOT NULL,
      early text NOT NULL
    )`);
    await runner.query(`CREATE TABLE payments_entry (
      kind text NOT NULL,
      reference text NOT NULL,
      id text NOT NULL,
      order_id text NOT NULL,
      amount ${integer} NOT NULL,
      currency text NOT NULL,
      made_at text NOT NULL,
      PRIMARY KEY (kind, reference)
    )`);
    await runner.query('CREATE INDEX payments_entry_order ON payments_entry (order_id, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE payments_entry');
    await runner.query('DROP TABLE payments_payment');
  }
}

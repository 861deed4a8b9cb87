import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateOrders1700000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE orders_order (
      id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      status text NOT NULL,
      customer_name text NOT NULL,
      customer_email text NOT NULL,
      shipping_address text NOT NULL,
      items text NOT NULL,
      total_amount ${integer} NOT NULL,
      total_currency text NOT NULL,
      carrier text,
      tracking_number text,
      reason text,
      placed_at text NOT NULL
    )`);
    await runner.query('CREATE INDEX orders_order_status ON orders_order (status, id)');
    await runner.query('CREATE INDEX orders_order_customer ON orders_order (customer_email, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE orders_order');
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateShipping1700000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE shipping_shipment (
      order_id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      status text NOT NULL,
      recipient text NOT NULL,
      shipping_address text NOT NULL,
      items text NOT NULL,
      carrier text,
      tracking_number text,
      prepared_at text NOT NULL,
      shipped_at text,
      delivered_at text,
      called_off_at text,
      returned_at text
    )`);
    await runner.query('CREATE INDEX shipping_shipment_status ON shipping_shipment (status, prepared_at, order_id)');
    await runner.query('CREATE INDEX shipping_shipment_prepared ON shipping_shipment (prepared_at, order_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE shipping_shipment');
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateInventory1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE inventory_stock (
      book_id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      title text NOT NULL,
      quantity ${integer} NOT NULL,
      reserved ${integer} NOT NULL,
      CONSTRAINT inventory_stock_available CHECK (reserved >= 0 AND quantity >= reserved)
    )`);
    await runner.query(`CREATE TABLE inventory_movement (
      id text PRIMARY KEY NOT NULL,
      book_id text NOT NULL,
      kind text NOT NULL,
      quantity ${integer} NOT NULL,
      reserved ${integer} NOT NULL,
      order_id text,
      reason text,
      moved_at text NOT NULL
    )`);
    await runner.query('CREATE INDEX inventory_movement_book ON inventory_movement (book_id, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE inventory_movement');
    await runner.query('DROP TABLE inventory_stock');
  }
}

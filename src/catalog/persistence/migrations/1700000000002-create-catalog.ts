import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateCatalog1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE catalog_book (
      id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      title text NOT NULL,
      author text NOT NULL,
      isbn text,
      price_amount ${integer} NOT NULL,
      price_currency text NOT NULL,
      description text,
      publish_at text,
      status text NOT NULL,
      added_at text NOT NULL,
      reference text
    )`);
    await runner.query('CREATE UNIQUE INDEX catalog_book_isbn ON catalog_book (isbn) WHERE isbn IS NOT NULL');
    await runner.query(
      'CREATE UNIQUE INDEX catalog_book_reference ON catalog_book (reference) WHERE reference IS NOT NULL',
    );
    await runner.query(
      "CREATE INDEX catalog_book_due ON catalog_book (publish_at) WHERE publish_at IS NOT NULL AND status = 'ADDED'",
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE catalog_book');
  }
}

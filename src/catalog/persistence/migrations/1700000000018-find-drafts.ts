import { MigrationInterface, QueryRunner } from 'typeorm';

/** All drafts can be published at once, except those that come out by themselves. */
export class FindDrafts1700000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      "CREATE INDEX catalog_book_drafts ON catalog_book (id) WHERE publish_at IS NULL AND status = 'ADDED'",
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX catalog_book_drafts');
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateWaitingList1700000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE waiting_list_book (
      book_id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      title text NOT NULL,
      is_published boolean NOT NULL,
      is_in_stock boolean NOT NULL,
      is_withdrawn boolean NOT NULL,
      next_call ${integer} NOT NULL,
      is_awaited boolean NOT NULL
    )`);
    await runner.query(`CREATE TABLE waiting_list_subscription (
      id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      book_id text NOT NULL,
      email text NOT NULL,
      waits_for text,
      call ${integer},
      since text
    )`);
    await runner.query(
      'CREATE UNIQUE INDEX waiting_list_subscription_person ON waiting_list_subscription (book_id, email)',
    );
    await runner.query(
      'CREATE INDEX waiting_list_subscription_call ON waiting_list_subscription (book_id, call, since) WHERE call IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE waiting_list_subscription');
    await runner.query('DROP TABLE waiting_list_book');
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateNotifications1700000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE notifications_notification (
      id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      event_id text NOT NULL,
      kind text NOT NULL,
      recipient_name text NOT NULL,
      recipient_email text NOT NULL,
      subject text NOT NULL,
      text text NOT NULL,
      order_id text,
      status text NOT NULL,
      sent_at text,
      attempts ${integer} NOT NULL
    )`);
    await runner.query(
      'CREATE UNIQUE INDEX notifications_notification_once ON notifications_notification (event_id, recipient_email, kind)',
    );
    await runner.query(
      'CREATE INDEX notifications_notification_order ON notifications_notification (order_id, id) WHERE order_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notifications_notification');
  }
}

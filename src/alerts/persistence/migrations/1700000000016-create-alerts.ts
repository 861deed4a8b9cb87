import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../../../platform/database/migrate';

export class CreateAlerts1700000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE alerts_rule (
      id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      metric text NOT NULL,
      comparison text NOT NULL,
      threshold ${integer} NOT NULL,
      clear_at ${integer} NOT NULL,
      subject text NOT NULL,
      status text NOT NULL,
      drafted_at text NOT NULL,
      activated_at text,
      retired_at text
    )`);
    await runner.query("CREATE INDEX alerts_rule_active ON alerts_rule (metric, subject) WHERE status = 'ACTIVE'");
    await runner.query(`CREATE TABLE alerts_alert (
      id text PRIMARY KEY NOT NULL,
      version ${integer} NOT NULL,
      rule_id text NOT NULL,
      metric text NOT NULL,
      comparison text NOT NULL,
      threshold ${integer} NOT NULL,
      clear_at ${integer} NOT NULL,
      subject text NOT NULL,
      title text,
      value ${integer} NOT NULL,
      status text NOT NULL,
      raised_at text NOT NULL,
      cleared_at text,
      cleared_value ${integer},
      reason text
    )`);
    await runner.query(
      "CREATE UNIQUE INDEX alerts_alert_open ON alerts_alert (rule_id, subject) WHERE status = 'open'",
    );
    await runner.query('CREATE INDEX alerts_alert_status ON alerts_alert (status, id)');
    await runner.query(`CREATE TABLE alerts_metric (
      metric text PRIMARY KEY NOT NULL,
      active_rules ${integer} NOT NULL,
      due_at ${integer}
    )`);
    await runner.query(`CREATE TABLE alerts_copies (
      book_id text PRIMARY KEY NOT NULL,
      title text,
      available ${integer} NOT NULL,
      is_withdrawn boolean NOT NULL
    )`);
    await runner.query('CREATE INDEX alerts_copies_available ON alerts_copies (available, book_id)');
    await runner.query(`CREATE TABLE alerts_minute (
      place ${integer} PRIMARY KEY NOT NULL,
      minute ${integer} NOT NULL,
      orders ${integer} NOT NULL
    )`);
    await runner.query(`CREATE TABLE alerts_revenue (
      day text NOT NULL,
      currency text NOT NULL,
      amount ${integer} NOT NULL,
      PRIMARY KEY (day, currency)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['revenue', 'minute', 'copies', 'metric', 'alert', 'rule']) {
      await runner.query(`DROP TABLE alerts_${table}`);
    }
  }
}

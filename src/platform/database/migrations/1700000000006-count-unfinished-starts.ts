import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../migrate';

export class CountUnfinishedStarts1700000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer } = dialectOf(runner);
    await runner.query(`CREATE TABLE reaction_unfinished (
      reaction text NOT NULL,
      position ${integer} NOT NULL,
      starts ${integer} NOT NULL,
      PRIMARY KEY (reaction, position)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE reaction_unfinished');
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../migrate';

/** What SQLite has by itself, so that SQL over JSON is written once. Both read text, and answer text. */
const JSON_FUNCTIONS = [
  `CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT jsonb_path_query_first(document::jsonb, path::jsonpath) #>> '{}' $$`,
  `CREATE FUNCTION json_each(document text, path text DEFAULT '$') RETURNS TABLE (key text, value text)
     LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20 AS $$
     SELECT member.key, member.value #>> '{}'
       FROM (SELECT jsonb_path_query_first(document::jsonb, path::jsonpath) AS whole) AS found, LATERAL (
         SELECT (ordinality - 1)::text AS key, element AS value
           FROM jsonb_array_elements(CASE jsonb_typeof(whole) WHEN 'array' THEN whole ELSE '[]' END)
                WITH ORDINALITY AS listed(element, ordinality)
         UNION ALL
         SELECT named.key, named.value
           FROM jsonb_each(CASE jsonb_typeof(whole) WHEN 'object' THEN whole ELSE '{}' END) AS named) AS member $$`,
];

const NEVER_REWRITTEN = {
  sqlite: ['update', 'delete'].map(
    (change) => `CREATE TRIGGER event_log_no_${change} BEFORE ${change.toUpperCase()} ON event_log
      BEGIN SELECT raise(ABORT, 'the event log is never rewritten'); END`,
  ),
  postgres: [
    `CREATE FUNCTION event_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the event log is never rewritten' USING ERRCODE = 'integrity_constraint_violation'; END $$`,
    `CREATE TRIGGER event_log_never_rewritten BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
       FOR EACH STATEMENT EXECUTE FUNCTION event_log_refuse()`,
  ],
};

export class CreatePlatform1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integer, name } = dialectOf(runner);
    if (name === 'postgres') for (const statement of JSON_FUNCTIONS) await runner.query(statement);
    await runner.query(`CREATE TABLE event_log (
      position ${integer} PRIMARY KEY NOT NULL,
      id text NOT NULL,
      type text NOT NULL,
      version ${integer} NOT NULL,
      stream text NOT NULL,
      stream_version ${integer} NOT NULL,
      occurred_at text NOT NULL,
      correlation_id text NOT NULL,
      causation_id text NOT NULL,
      raised_by text NOT NULL,
      actor text NOT NULL,
      traceparent text,
      facts text NOT NULL
    )`);
    await runner.query('CREATE UNIQUE INDEX event_log_id ON event_log (id)');
    await runner.query('CREATE UNIQUE INDEX event_log_stream ON event_log (stream, stream_version)');
    await runner.query('CREATE INDEX event_log_type ON event_log (type, position)');
    await runner.query('CREATE INDEX event_log_correlation ON event_log (correlation_id, position)');
    // The log is the audit trail: not even a mistake in the program rewrites it.
    for (const statement of NEVER_REWRITTEN[name]) await runner.query(statement);
    await runner.query(`CREATE TABLE reaction (
      name text PRIMARY KEY NOT NULL,
      mode text NOT NULL,
      since ${integer} NOT NULL,
      checkpoint ${integer} NOT NULL,
      shape text,
      rebuilding boolean NOT NULL,
      holder text,
      held_until ${integer}
    )`);
    await runner.query(`CREATE TABLE reaction_deferred (
      reaction text NOT NULL,
      position ${integer} NOT NULL,
      stream text NOT NULL,
      state text NOT NULL,
      attempts ${integer} NOT NULL,
      due_at ${integer},
      reason text,
      error text,
      stack text,
      history text NOT NULL,
      deferred_at text NOT NULL,
      PRIMARY KEY (reaction, position)
    )`);
    await runner.query('CREATE INDEX reaction_deferred_due ON reaction_deferred (reaction, state, due_at)');
    await runner.query('CREATE INDEX reaction_deferred_stream ON reaction_deferred (reaction, stream, position)');
    await runner.query(`CREATE TABLE reaction_batch (
      id text PRIMARY KEY NOT NULL,
      reaction text NOT NULL,
      from_position ${integer} NOT NULL,
      to_position ${integer} NOT NULL,
      events ${integer} NOT NULL,
      started_at text NOT NULL,
      finished_at text NOT NULL,
      build text NOT NULL,
      host text NOT NULL
    )`);
    await runner.query('CREATE INDEX reaction_batch_reaction ON reaction_batch (reaction, to_position)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['reaction_batch', 'reaction_deferred', 'reaction', 'event_log']) {
      await runner.query(`DROP TABLE ${table}`);
    }
    if (dialectOf(runner).name === 'sqlite') return;
    for (const name of ['json_each', 'json_extract', 'event_log_refuse']) await runner.query(`DROP FUNCTION ${name}`);
  }
}

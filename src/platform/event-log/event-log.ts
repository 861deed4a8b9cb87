import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { Statements } from '../database/connection';
import { Envelope } from './envelope';

/** An event as it stands in the log: its envelope, and its facts in the shape they had when it was raised. */
export interface StoredEvent extends Envelope {
  readonly facts: Record<string, unknown>;
}

type Row = Record<string, string | number | null>;

const COLUMNS = `position, id, type, version, stream, stream_version, occurred_at, correlation_id, causation_id,
  raised_by, actor, traceparent, facts`;

/** For types of events, a position up to which they do not count. */
export type Since = Readonly<Record<string, number>>;

/** The events of the types in a JSON object, each after a position of its own. The types come first, for the index. */
const WANTED = `json_each($1) AS wanted
  CROSS JOIN event_log WHERE event_log.type = wanted.key AND event_log.position > CAST(wanted.value AS bigint)`;

const starts = (types: readonly string[], position: number, since: Since): Record<string, number> =>
  Object.fromEntries(types.map((type) => [type, Math.max(position, since[type] ?? 0)]));

/** All SQL that reads the event log. Only the unit of work writes it. */
@Injectable()
export class EventLog {
  constructor(private readonly database: Database) {}

  /** @returns the position of the last event; 0 in an empty log */
  async head(connection: Statements = this.database.reader): Promise<number> {
    const [{ head }] = await connection.all<{ head: number }>(
      'SELECT coalesce(max(position), 0) AS head FROM event_log',
    );
    return head;
  }

  /**
   * @param since types of which only events after a later position count
   * @returns the first `limit` events of these types after a position, oldest first
   */
  async after(
    position: number,
    types: readonly string[],
    limit: number,
    connection: Statements = this.database.reader,
    since: Since = {},
  ): Promise<StoredEvent[]> {
    // One range of the index per type, each cut short: no type's history is read for the sake of another.
    const ranges = types.map(
      (_, at) =>
        `SELECT position FROM (SELECT position FROM event_log WHERE type = $${2 * at + 2} AND position > $${2 * at + 3} ORDER BY position LIMIT $1) AS range_${at}`,
    );
    const rows = await connection.all<Row>(
      `SELECT ${COLUMNS} FROM event_log WHERE position IN (${ranges.join(' UNION ALL ')}) ORDER BY position LIMIT $1`,
      [limit, ...Object.entries(starts(types, position, since)).flat()],
    );
    return rows.map(toEvent);
  }

  /** @returns the events at these positions that exist, oldest first */
  async at(positions: readonly number[], connection: Statements = this.database.reader): Promise<StoredEvent[]> {
    const rows = await connection.all<Row>(
      `SELECT ${COLUMNS} FROM event_log WHERE position IN (SELECT CAST(value AS bigint) FROM json_each($1)) ORDER BY position`,
      [JSON.stringify(positions)],
    );
    return rows.map(toEvent);
  }

  /** @returns the events with these ids that exist, oldest first */
  async byId(ids: readonly string[]): Promise<StoredEvent[]> {
    const rows = await this.database.reader.all<Row>(
      `SELECT ${COLUMNS} FROM event_log WHERE id IN (SELECT value FROM json_each($1)) ORDER BY position`,
      [JSON.stringify(ids)],
    );
    return rows.map(toEvent);
  }

  /** @returns the first events that were raised because of one of these, oldest first, at most `limit` */
  async raisedBecauseOf(events: readonly Envelope[], limit: number): Promise<StoredEvent[]> {
    const rows = await this.database.reader.all<Row>(
      `SELECT ${COLUMNS} FROM event_log WHERE correlation_id IN (SELECT value FROM json_each($1))
          AND causation_id IN (SELECT value FROM json_each($2)) ORDER BY position LIMIT $3`,
      [
        JSON.stringify([...new Set(events.map(({ correlationId }) => correlationId))]),
        JSON.stringify(events.map(({ id }) => id)),
        limit,
      ],
    );
    return rows.map(toEvent);
  }

  /** Whether there is an event of these types with `after < position <= upTo`. */
  async hasBetween(types: readonly string[], after: number, upTo: number, since: Since = {}): Promise<boolean> {
    const rows = await this.database.reader.all(`SELECT 1 FROM ${WANTED} AND position <= $2 LIMIT 1`, [
      JSON.stringify(starts(types, after, since)),
      upTo,
    ]);
    return rows.length > 0;
  }

  /** How many events of these types come after a position, counted no further than `most`. */
  async countAfter(types: readonly string[], position: number, most: number, since: Since = {}): Promise<number> {
    const [{ count }] = await this.database.reader.all<{ count: number }>(
      `SELECT count(*) AS count FROM (SELECT 1 FROM ${WANTED} LIMIT $2) AS found`,
      [JSON.stringify(starts(types, position, since)), most],
    );
    return count;
  }

  /** @returns the events of one aggregate, oldest first, at most `limit` */
  async ofStream(stream: string, limit = 1000): Promise<StoredEvent[]> {
    const rows = await this.database.reader.all<Row>(
      `SELECT ${COLUMNS} FROM event_log WHERE stream = $1 ORDER BY stream_version LIMIT $2`,
      [stream, limit],
    );
    return rows.map(toEvent);
  }

  /** @returns every type that occurs in the log. Hops along the index, so the length of the log does not matter. */
  async typesInUse(): Promise<string[]> {
    const rows = await this.database.reader.all<{ type: string }>(
      `WITH RECURSIVE hop(type) AS (
         SELECT min(type) FROM event_log
         UNION ALL
         SELECT (SELECT min(type) FROM event_log WHERE type > hop.type) FROM hop WHERE hop.type IS NOT NULL
       ) SELECT type FROM hop WHERE type IS NOT NULL`,
    );
    return rows.map(({ type }) => type);
  }

  /** What a reader of the log may ask for. Every condition is optional. */
  async browse(wanted: LogQuery): Promise<StoredEvent[]> {
    const conditions: [string, string | number | undefined][] = [
      ['stream =', wanted.stream],
      ['type =', wanted.type],
      ['correlation_id =', wanted.correlationId],
      ['position >', wanted.after ?? 0],
    ];
    const given = conditions.filter(([, value]) => value !== undefined);
    const where = given.map(([condition], at) => `${condition} $${at + 1}`).join(' AND ');
    // Both are the same order within a stream, and each has its index.
    const order = wanted.stream === undefined ? 'position' : 'stream_version';
    const rows = await this.database.reader.all<Row>(
      `SELECT ${COLUMNS} FROM event_log WHERE ${where} ORDER BY ${order} LIMIT $${given.length + 1}`,
      [...given.map(([, value]) => value!), wanted.limit],
    );
    return rows.map(toEvent);
  }
}

export interface LogQuery {
  readonly stream?: string;
  readonly type?: string;
  readonly correlationId?: string;
  readonly after?: number;
  readonly limit: number;
}

const toEvent = (row: Row): StoredEvent => ({
  position: row.position as number,
  id: row.id as string,
  type: row.type as string,
  version: row.version as number,
  stream: row.stream as string,
  streamVersion: row.stream_version as number,
  occurredAt: row.occurred_at as string,
  correlationId: row.correlation_id as string,
  causationId: row.causation_id as string,
  raisedBy: row.raised_by as string,
  actor: row.actor as string,
  traceparent: (row.traceparent as string | null) ?? undefined,
  facts: JSON.parse(row.facts as string) as Record<string, unknown>,
});

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

/** For types of events, a position after which they do not count. */
export type UpTo = Readonly<Record<string, number>>;

/** Events of a type after one position and up to another. */
type Range = readonly [type: string, after: number, upTo: number];

/** No position is after this one. */
const END = Number.MAX_SAFE_INTEGER;

/** The events of the types in a JSON object, each after a position of its own. The types come first, for the index. */
const WANTED = `json_each($1) AS wanted
  CROSS JOIN event_log WHERE event_log.type = wanted.key AND event_log.position > CAST(wanted.value AS bigint)`;

/** The events of the streams in a JSON list that are of the types in a JSON object. The streams come first, for the index. */
const STREAMS_AND_TYPES = `json_each($1) AS wanted CROSS JOIN event_log CROSS JOIN json_each($2) AS bound
  WHERE event_log.stream = wanted.value AND event_log.type = bound.key`;

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
    const ranges = Object.entries(starts(types, position, since)).map(([type, after]): Range => [type, after, END]);
    return firstIn(ranges, limit, connection);
  }

  /**
   * @param upTo the types that count, each up to a position
   * @returns the first `limit` such events after a position, oldest first
   */
  async between(
    position: number,
    upTo: UpTo,
    limit: number,
    connection: Statements = this.database.reader,
  ): Promise<StoredEvent[]> {
    const ranges = Object.entries(upTo).map(([type, last]): Range => [type, position, last]);
    return firstIn(ranges, limit, connection);
  }

  /**
   * @param upTo the types that count, each up to a position
   * @returns how many such events there are after a position, and when the first and the last of them were raised, by type
   */
  async extentOf(position: number, upTo: UpTo): Promise<Extent[]> {
    return this.database.reader.all<Extent>(
      `SELECT extent.type, extent.events, first.occurred_at AS "firstAt", last.occurred_at AS "lastAt"
         FROM (SELECT event_log.type, count(*) AS events, min(position) AS first, max(position) AS last
                 FROM json_each($1) AS wanted CROSS JOIN event_log
                WHERE event_log.type = wanted.key AND event_log.position > $2
                  AND event_log.position <= CAST(wanted.value AS bigint)
                GROUP BY event_log.type) AS extent
         JOIN event_log first ON first.position = extent.first
         JOIN event_log last ON last.position = extent.last ORDER BY extent.type`,
      [JSON.stringify(upTo), position],
    );
  }

  /**
   * @param since the types that count, each after a position
   * @returns the position of the last such event of each of these streams that is not after `upTo`
   */
  async lastOf(
    streams: readonly string[],
    since: Since,
    upTo: number,
    connection: Statements = this.database.reader,
  ): Promise<Map<string, number>> {
    const rows = await connection.all<{ stream: string; last: number }>(
      `SELECT event_log.stream, max(event_log.position) AS last
         FROM ${STREAMS_AND_TYPES} AND event_log.position > CAST(bound.value AS bigint) AND event_log.position <= $3
        GROUP BY event_log.stream`,
      [JSON.stringify(streams), JSON.stringify(since), upTo],
    );
    return new Map(rows.map(({ stream, last }) => [stream, last]));
  }

  /**
   * @param upTo the types that count, each up to a position
   * @returns the first `limit` such events of these streams after a position, oldest first
   */
  async rest(streams: readonly string[], position: number, upTo: UpTo, limit: number): Promise<StoredEvent[]> {
    const rows = await this.database.reader.all<{ position: number }>(
      `SELECT event_log.position
         FROM ${STREAMS_AND_TYPES} AND event_log.position > $3 AND event_log.position <= CAST(bound.value AS bigint)
        ORDER BY event_log.position LIMIT $4`,
      [JSON.stringify(streams), JSON.stringify(upTo), position, limit],
    );
    return this.at(rows.map((row) => row.position));
  }

  /**
   * @param upTo the types that count, each up to a position
   * @returns those of these streams that have such an event after a position
   */
  async goingOn(
    streams: readonly string[],
    position: number,
    upTo: UpTo,
    connection: Statements = this.database.reader,
  ): Promise<Set<string>> {
    const rows = await connection.all<{ stream: string }>(
      `SELECT DISTINCT event_log.stream
         FROM ${STREAMS_AND_TYPES} AND event_log.position > $3 AND event_log.position <= CAST(bound.value AS bigint)`,
      [JSON.stringify(streams), JSON.stringify(upTo), position],
    );
    return new Set(rows.map(({ stream }) => stream));
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

/** Where events of a type begin and end. */
export interface Extent {
  readonly type: string;
  readonly events: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface LogQuery {
  readonly stream?: string;
  readonly type?: string;
  readonly correlationId?: string;
  readonly after?: number;
  readonly limit: number;
}

/** @returns the first `limit` events of these ranges, oldest first */
async function firstIn(ranges: readonly Range[], limit: number, connection: Statements): Promise<StoredEvent[]> {
  if (ranges.length === 0) return [];
  // One range of the index per type, each cut short: no type's history is read for the sake of another.
  const found = ranges.map((_, at) => {
    const [type, after, upTo] = [2, 3, 4].map((first) => `$${first + 3 * at}`);
    return `SELECT position FROM (SELECT position FROM event_log WHERE type = ${type} AND position > ${after} AND position <= ${upTo} ORDER BY position LIMIT $1) AS range_${at}`;
  });
  const rows = await connection.all<Row>(
    `SELECT ${COLUMNS} FROM event_log WHERE position IN (${found.join(' UNION ALL ')}) ORDER BY position LIMIT $1`,
    [limit, ...ranges.flat()],
  );
  return rows.map(toEvent);
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

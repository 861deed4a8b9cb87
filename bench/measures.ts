import type { Load } from './load';
import { Program } from './program';
import { Effort } from './report';

/**
 * The time from a book's event to the end of the reactions to it, in milliseconds: what 99 in 100 stay below.
 * @param after a position of the log from which it counts
 * @param reaction one of them; all when it is left out
 */
export async function lagOf(program: Program, after: number, reaction?: string): Promise<number> {
  const rows = await program.rows<{ raised: string; finished: string }>(
    `SELECT event.occurred_at AS raised, batch.finished_at AS finished
       FROM reaction_batch batch JOIN event_log event
         ON event.type = 'catalog.book-added' AND event.position BETWEEN batch.from_position AND batch.to_position
      WHERE batch.from_position > ${after} ${reaction ? `AND batch.reaction = '${reaction}'` : ''}`,
  );
  const lags = rows.map(({ raised, finished }) => Date.parse(finished) - Date.parse(raised)).sort((a, b) => a - b);
  return lags[Math.floor(lags.length * 0.99)] ?? 0;
}

/** @returns the position of the last event */
export async function headOf(program: Program): Promise<number> {
  const [{ head }] = await program.rows<{ head: number }>('SELECT coalesce(max(position), 0) AS head FROM event_log');
  return head;
}

/** Answers that nobody expected. */
export function unexpected(program: Program, { statuses }: Load, ...expected: string[]): string[] {
  return Object.entries(statuses)
    .filter(([status]) => !expected.includes(status))
    .map(([status, times]) => `${program.name}: answered with ${status}, ${times} times`);
}

/** @returns how many books it has from it */
export async function warmedUp(program: Program, { warmUp }: Effort): Promise<number> {
  await program.warmUp(warmUp);
  return (await program.counts()).books;
}

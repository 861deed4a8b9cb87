import { Logger } from '@nestjs/common';
import { Readable } from 'node:stream';
import { problemFrom } from './problem';

/** The media type of answers that come line by line. */
export const NDJSON = 'application/x-ndjson; charset=utf-8';

/** The client has gone: there is nobody to tell anything, and nothing that anybody should look into. */
const GONE = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * An answer of one JSON object per line, as they come, and no faster than the client reads. An error that comes before
 * the first of them is an ordinary one; later, it is told in the last line: `{"error":{"code":"...","detail":"..."}}`.
 *
 * @throws whatever `items` throws before its first item
 */
export async function streamLines(items: AsyncGenerator<object>): Promise<Readable> {
  const first = await items.next();
  return Readable.from(linesOf(first, items), { objectMode: false });
}

async function* linesOf(first: IteratorResult<object>, items: AsyncGenerator<object>): AsyncGenerator<string> {
  try {
    for (let next = first; !next.done; next = await items.next()) yield `${JSON.stringify(next.value)}\n`;
  } catch (error) {
    if (GONE.has(String((error as NodeJS.ErrnoException).code))) return;
    const { status, code, message: detail } = problemFrom(error);
    if (status >= 500 && status !== 503) new Logger('Http').error(error instanceof Error ? error.stack : String(error));
    yield `${JSON.stringify({ error: { code, detail } })}\n`;
  } finally {
    await items.return(undefined);
  }
}

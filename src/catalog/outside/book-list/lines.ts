import { isUtf8 } from 'node:buffer';

/** A line of a file as an editor counts it, without its line end. */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** Why it cannot be read. */
  readonly complaint?: string;
}

/** A book with everything that the catalog can keep, written in the most long-winded way, stays far below. In bytes. */
const LONGEST_LINE = 256 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts bytes into lines, however they are chopped into chunks and whoever wrote them: LF, CR LF and CR end a line.
 * Keeps no more than one line; one that is longer than any honest one comes empty, with a complaint.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const line = new GrowingLine();
  let afterCr = false;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = afterCr && bytes[0] === LF ? 1 : 0;
    if (bytes.length > 0) afterCr = false;
    let lf = bytes.indexOf(LF, start);
    let cr = bytes.indexOf(CR, start);
    while (lf !== -1 || cr !== -1) {
      const end = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf;
      line.add(bytes.subarray(start, end));
      yield line.end();
      start = end + 1;
      if (end === cr && lf === start) start++;
      else if (end === cr && start === bytes.length) afterCr = true;
      if (lf !== -1 && lf < start) lf = bytes.indexOf(LF, start);
      if (cr !== -1 && cr < start) cr = bytes.indexOf(CR, start);
    }
    line.add(bytes.subarray(start));
  }
  if (!line.isEmpty) yield line.end();
}

class GrowingLine {
  private number = 1;
  private length = 0;
  private parts: Buffer[] = [];

  get isEmpty(): boolean {
    return this.length === 0;
  }

  add(part: Buffer): void {
    if (part.length === 0) return;
    this.length += part.length;
    if (this.length > LONGEST_LINE) this.parts = [];
    else this.parts.push(part);
  }

  /** @returns the line, and begins the next */
  end(): Line {
    const number = this.number++;
    const tooLong = this.length > LONGEST_LINE;
    const bytes = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
    this.length = 0;
    this.parts = [];
    if (tooLong) return { number, text: '', complaint: `is longer than ${LONGEST_LINE / 1024} kB` };
    const text = bytes.toString('utf8');
    return { number, text: number === 1 ? text.replace(/^\uFEFF/, '') : text, complaint: complaintAbout(bytes) };
  }
}

function complaintAbout(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return 'is not valid UTF-8';
  return bytes.includes(0) ? 'contains NUL characters' : undefined;
}

import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Wide enough for any position. */
const WIDTH = 16;

/** Records of this very process: a file of the same number that is not among them is a namesake's, who has died. */
const own = new Set<string>();

/** An event whose handler had begun when the process ended. */
export interface Start {
  readonly reaction: string;
  readonly position: number;
}

/**
 * A file beside the database that says which events each reaction is handling just now, one line for each that it may handle at once. It is
 * overwritten in place and never waits for the disk: what was written before a process died can be read afterwards,
 * and an event that takes the machine down with it has never been seen.
 */
export class StartRecord {
  /** Where a reaction's first line begins. */
  private readonly offsets = new Map<string, number>();

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    reactions: readonly (readonly [string, number])[],
  ) {
    let text = '';
    for (const [reaction, lanes] of reactions) {
      this.offsets.set(reaction, Buffer.byteLength(text));
      text += lineOf(reaction, 0).repeat(lanes);
    }
    writeSync(descriptor, text, 0);
  }

  /**
   * @param database the file that the record is to stand beside
   * @param reactions how many events each may handle at once
   */
  static open(database: string, reactions: readonly (readonly [string, number])[]): StartRecord {
    for (let number = 1; ; number++) {
      const file = `${prefix(database)}${process.pid}-${number}`;
      if (own.has(file)) continue;
      own.add(file);
      return new StartRecord(file, openSync(file, 'w'), reactions);
    }
  }

  /** @returns what processes of this machine were doing that are no more; call `forget` when it is stored */
  static ofTheDead(database: string): { readonly starts: Start[]; forget(): void }[] {
    mkdirSync(dirname(database), { recursive: true });
    return recordsBeside(database)
      .filter(({ file, pid }) => !own.has(file) && !mayBeAlive(pid))
      .map(({ file }) => ({ starts: startsIn(file), forget: () => rmSync(file, { force: true }) }));
  }

  /** @returns the numbers of the other processes of this machine that react to what happens in the database */
  static ofTheLiving(database: string): number[] {
    if (!existsSync(dirname(database))) return [];
    return recordsBeside(database)
      .filter(({ pid }) => mayBeAlive(pid))
      .map(({ pid }) => pid);
  }

  /** The reaction begins with this event, in one of its lanes. */
  begin(reaction: string, position: number, lane: number): void {
    const first = this.offsets.get(reaction)!;
    writeSync(this.descriptor, digits(position), first + lane * Buffer.byteLength(lineOf(reaction, 0)));
  }

  /** The reaction has come to an end with its event in this lane, whatever that was. */
  end(reaction: string, lane: number): void {
    this.begin(reaction, 0, lane);
  }

  /** The process ends as it should. */
  close(): void {
    closeSync(this.descriptor);
    rmSync(this.file, { force: true });
    own.delete(this.file);
  }
}

const prefix = (database: string) => `${database}-started-${hostname()}-`;

function recordsBeside(database: string): { readonly file: string; readonly pid: number }[] {
  const folder = dirname(database);
  const begin = basename(prefix(database));
  return readdirSync(folder).flatMap((name) => {
    // Of `shop` and not of `shop-1`, which may be another machine.
    const [, pid] = (name.startsWith(begin) && /^(\d+)-\d+$/.exec(name.slice(begin.length))) || [];
    return pid ? [{ file: join(folder, name), pid: Number(pid) }] : [];
  });
}

const digits = (position: number) => String(position).padStart(WIDTH);
const lineOf = (reaction: string, position: number) => `${digits(position)} ${reaction}\n`;

function startsIn(file: string): Start[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((text) => text.length > WIDTH)
    .map((text) => ({ position: Number(text.slice(0, WIDTH)), reaction: text.slice(WIDTH + 1) }))
    .filter(({ position }) => position > 0);
}

/** A process that has the number of this one was another before it. */
function mayBeAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  return processLives(pid);
}

/** @returns whether there is a process of this number on this machine, whoever it belongs to */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

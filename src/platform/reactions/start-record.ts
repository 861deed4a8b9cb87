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
 * A file beside the database that says which event each reaction is handling just now, one line per reaction. It is
 * overwritten in place and never waits for the disk: what was written before a process died can be read afterwards,
 * and an event that takes the machine down with it has never been seen.
 */
export class StartRecord {
  private readonly offsets = new Map<string, number>();

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    reactions: readonly string[],
  ) {
    let text = '';
    for (const reaction of reactions) {
      this.offsets.set(reaction, text.length);
      text += `${line(0)} ${reaction}\n`;
    }
    writeSync(descriptor, text, 0);
  }

  /** @param database the file that the record is to stand beside */
  static open(database: string, reactions: readonly string[]): StartRecord {
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

  /** The reaction begins with this event. */
  begin(reaction: string, position: number): void {
    writeSync(this.descriptor, line(position), this.offsets.get(reaction));
  }

  /** The reaction has come to an end with its event, whatever that was. */
  end(reaction: string): void {
    this.begin(reaction, 0);
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
  return readdirSync(folder)
    .filter((name) => name.startsWith(begin))
    .map((name) => ({ file: join(folder, name), pid: Number(/(\d+)-\d+$/.exec(name)?.[1]) }));
}

const line = (position: number) => String(position).padStart(WIDTH);

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

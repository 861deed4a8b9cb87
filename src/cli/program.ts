import { InvalidArgumentError } from 'commander';

/** The program cannot do what it was asked for, and the reason is for people: one line, no stack. */
export class Failure extends Error {}

const INTERRUPTED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** The first Ctrl-C asks the program to stop cleanly; the second does not ask. */
export class Interruption {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  private exitCode = 0;

  constructor() {
    for (const [name, code] of Object.entries(INTERRUPTED)) {
      process.on(name, () => {
        if (this.signal.aborted) process.exit(code);
        this.exitCode = code;
        this.controller.abort();
      });
    }
  }

  /** What the program has to exit with, if it was interrupted. */
  get code(): number | undefined {
    return this.signal.aborted ? this.exitCode : undefined;
  }
}

/** Whoever asks for help does not wait for the shop to be loaded: a program loads it when it needs it. */
const reasonOf = async (error: unknown) =>
  (await import('../platform/observability/reason-to-stop.js')).reasonToStop(error);

/** Runs a program to its exit code, which is 1 after a failure. */
export function runProgram(program: (interruption: Interruption) => Promise<number>): void {
  // Whoever reads the output may have seen enough (`| head`), which is no reason to leave the work half done.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  void program(new Interruption())
    .catch(async (error: unknown) => {
      process.stderr.write(`${error instanceof Failure ? error.message : await reasonOf(error)}\n`);
      return 1;
    })
    .then((code) => (process.exitCode = code));
}

/** What came from a stranger's file, without the characters that a terminal would take as orders. */
export const printable = (text: string): string => text.replace(/\p{Cc}+/gu, '�');

/** For an option: makes a whole number of what was said, and complains where it is none of these. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

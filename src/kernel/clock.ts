/** Where the program learns what time it is and how long to wait, so that tests can move time by hand. */
export abstract class Clock {
  abstract now(): Date;

  /** Calls `task` once after `ms` milliseconds. What comes back cancels it. Never keeps the process alive. */
  abstract after(ms: number, task: () => void): () => void;
}

/** The machine's own time. */
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }

  after(ms: number, task: () => void): () => void {
    // Longer delays overflow a 32-bit integer and would fire at once.
    const timer = setTimeout(task, Math.min(ms, 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  }
}
